"""Known counts of the real NSD, and the check that a dataset which claims to be it has them.

All subjects follow one order of trials, so the counts of a subject depend on its number of
sessions alone. They follow from the public experiment design.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import numpy as np
import pandas as pd

from repalign.datasets.facts import expect
from repalign.datasets.matching import N_REPETITIONS, match_trials

logger = logging.getLogger(__name__)

SESSIONS = {1: 40, 2: 40, 3: 32, 4: 30, 5: 40, 6: 32, 7: 40, 8: 30}
"""Recorded sessions of each subject."""

TRIALS_PER_SESSION = 750
N_STIMULI = 73_000
N_SHARED = 1_000
N_TRIALS = 213_000
N_STIMULI_SEEN = 70_566
N_SHARED_SEEN_COMPLETELY = 515

SHARED_TRIALS = {40: 3000, 32: 2371, 30: 2188}
"""Trials with shared images, by number of sessions."""

SHARED_BY_REPETITIONS = {40: (1000, 0, 0, 0), 32: (614, 213, 103, 70), 30: (515, 251, 141, 93)}
"""Shared images seen 3, 2, 1 and 0 times, by number of sessions."""

MATCHED_TRIALS: dict[int, dict[tuple[int, int], int]] = {
    0: {
        (40, 40): 3000, (40, 32): 2371, (40, 30): 2188,
        (32, 40): 2371, (32, 32): 2371, (32, 30): 2188,
        (30, 40): 2188, (30, 32): 2188, (30, 30): 2188,
    },
    1: {
        (40, 40): 3000, (40, 32): 2371, (40, 30): 2188,
        (32, 40): 2371, (32, 32): 2055, (32, 30): 1907,
        (30, 40): 2188, (30, 32): 1881, (30, 30): 1796,
    },
    2: {
        (40, 40): 3000, (40, 32): 2371, (40, 30): 2188,
        (32, 40): 2371, (32, 32): 2055, (32, 30): 1881,
        (30, 40): 2188, (30, 32): 1907, (30, 30): 1796,
    },
}  # fmt: skip
"""Matched trials of an ordered pair: shift, then sessions of (i, j)."""

MatchedCounts = Mapping[int, Mapping[tuple[int, int], int]]


def check_real_nsd(
    trials: pd.DataFrame,
    stimuli: pd.DataFrame | None = None,
    *,
    sessions: Mapping[int, int] | None = None,
    matched_counts: MatchedCounts = MATCHED_TRIALS,
) -> None:
    """Refuse a dataset that claims to be NSD and has other counts.

    Counts are known for 40, 32 and 30 sessions. A subject with another number, which a user may
    choose for a quick run, is only checked for trials a session, and a warning is logged.

    Parameters
    ----------
    trials : DataFrame
        The prepared trials of some or all subjects.
    stimuli : DataFrame, optional
        The prepared stimuli.
    sessions : mapping of int to int, optional
        Declared sessions of each subject, which the trials must have. The totals over subjects
        are checked if the trials are those of all subjects and all published sessions.
    matched_counts : mapping
        Matched trials by shift and sessions of (i, j).

    Raises
    ------
    RepalignError
        Naming the subject or pair, what was found and what is known.
    """
    recorded = _sessions_of(trials)
    for subject, n_sessions in (sessions or {}).items():
        _expect(f"subject {subject}: sessions", recorded.get(subject, 0), n_sessions)
    for subject, n_sessions in recorded.items():
        own = trials.loc[trials["subject"] == subject]
        _expect(f"subject {subject}: trials", len(own), n_sessions * TRIALS_PER_SESSION)
        if n_sessions not in SHARED_TRIALS:
            logger.warning("subject %d has %d sessions: no known counts", subject, n_sessions)
            continue
        _check_shared(own, subject, n_sessions)
    _check_pairs(trials, recorded, matched_counts)
    if recorded == SESSIONS:
        _check_totals(trials)
    if stimuli is not None:
        _expect("stimuli", len(stimuli), N_STIMULI)
        _expect("shared stimuli", int(stimuli["shared"].sum()), N_SHARED)


def _sessions_of(trials: pd.DataFrame) -> dict[int, int]:
    counts = trials.groupby("subject")["session"].nunique()
    return {int(subject): int(count) for subject, count in counts.items()}  # type: ignore[call-overload]


def _check_shared(own: pd.DataFrame, subject: int, n_sessions: int) -> None:
    shared = own.loc[own["shared"], "stimulus"]
    _expect(f"subject {subject}: shared trials", len(shared), SHARED_TRIALS[n_sessions])
    counts = np.bincount(shared.value_counts().to_numpy(), minlength=N_REPETITIONS + 1)
    seen = int(shared.nunique())
    found = (*(int(n) for n in counts[N_REPETITIONS:0:-1]), N_SHARED - seen)
    expected = SHARED_BY_REPETITIONS[n_sessions]
    _expect(f"subject {subject}: shared images seen", seen, sum(expected[:-1]))
    _expect(f"subject {subject}: shared images seen 3, 2, 1, 0 times", found, expected)


def _check_pairs(
    trials: pd.DataFrame, recorded: Mapping[int, int], matched_counts: MatchedCounts
) -> None:
    shared = trials.loc[trials["shared"]]
    own = {subject: shared.loc[shared["subject"] == subject] for subject in recorded}
    for shift, counts in matched_counts.items():
        for i, sessions_i in recorded.items():
            for j, sessions_j in recorded.items():
                if (sessions_i, sessions_j) in counts:
                    keys = match_trials(own[i], own[j], shift, N_REPETITIONS)[2]
                    _expect(
                        f"subjects {i} and {j}, shift {shift}: matched trials",
                        keys.size,
                        counts[sessions_i, sessions_j],
                    )


def _check_totals(trials: pd.DataFrame) -> None:
    _expect("all subjects: trials", len(trials), N_TRIALS)
    _expect("all subjects: images seen", int(trials["stimulus"].nunique()), N_STIMULI_SEEN)
    shared = trials.loc[trials["shared"]]
    counts = shared.groupby(["stimulus", "subject"]).size()
    complete = counts[counts == N_REPETITIONS].groupby(level="stimulus").size()
    in_all = int((complete == trials["subject"].nunique()).sum())
    _expect("all subjects: images seen 3 times by each", in_all, N_SHARED_SEEN_COMPLETELY)


def _expect(what: str, found: int | tuple[int, ...], expected: int | tuple[int, ...]) -> None:
    expect("nsd", "NSD", what, found, expected)
