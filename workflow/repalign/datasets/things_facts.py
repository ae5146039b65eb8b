"""Known counts of the real THINGS-fMRI (Hebart et al. 2023, doi:10.7554/eLife.82580)."""

from __future__ import annotations

import pandas as pd

from repalign.datasets.facts import expect, matched_by_session

N_SESSIONS = 12
TRIALS_PER_SESSION = 820
"""Of which 720 show an image of the subject's only showing, 100 one of every session."""
N_TRAIN, N_TEST = 8640, 100
"""Images shown once, and images shown in every session."""


def check_real_trials(trials: pd.DataFrame, stimuli: pd.DataFrame) -> None:
    """Refuse trials that claim to be those of THINGS-fMRI and have other counts.

    Parameters
    ----------
    trials : DataFrame
        The prepared trials of some or all subjects.
    stimuli : DataFrame
        The prepared stimuli.

    Raises
    ------
    RepalignError
        Naming the subject or pair, what was found and what is known.
    """
    test = set(stimuli.loc[stimuli["subset"] == "test", "stimulus"])
    own = {int(str(subject)): part for subject, part in trials.groupby("subject")}
    _expect("test images", len(test), N_TEST)
    _expect("train images", int((stimuli["subset"] == "train").sum()), N_TRAIN)
    for subject, part in own.items():
        who = f"subject {subject}: "
        counts = part.groupby("session").size().tolist()
        _expect(who + "trials by session", counts, [TRIALS_PER_SESSION] * N_SESSIONS)
        showings = part.groupby("stimulus").size()
        tested = showings.index.isin(test)
        _expect(who + "train images", int((~tested).sum()), N_TRAIN)
        _expect(who + "showings of train images", sorted(set(showings[~tested])), [1])
        _expect(who + "showings of test images", sorted(set(showings[tested])), [N_SESSIONS])
    for i, trials_i in own.items():
        for j, trials_j in own.items():
            if i != j:
                matched = list(matched_by_session(trials_i, trials_j).values())
                expected = [TRIALS_PER_SESSION] * N_SESSIONS
                _expect(f"subjects {i} and {j}: matched trials by session", matched, expected)


def _expect(what: str, found: object, expected: object) -> None:
    expect("things", "THINGS-fMRI", what, found, expected)
