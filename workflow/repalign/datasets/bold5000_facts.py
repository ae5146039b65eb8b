"""Known counts of the real BOLD5000 (Chang et al. 2019, doi:10.1038/s41597-019-0052-3)."""

from __future__ import annotations

import logging

import pandas as pd

from repalign.datasets.bold5000_images import N_IMAGES, N_PRESENTATIONS
from repalign.datasets.facts import expect, matched_by_session

logger = logging.getLogger(__name__)

SESSIONS = {1: 15, 2: 15, 3: 15, 4: 9}
TRIALS_PER_RUN = 37
RUNS_PER_SESSION = (9, 10)
IMAGES_OF_SUBJECT = {1: 4916, 2: 4916, 3: 4916, 4: 2952}
N_REPEATED = 113
"""Images that the subjects 1 to 3 see more than once."""
MATCHED_TRIALS = {
    (1, 2): 5254, (1, 3): 5251, (2, 3): 5251, (1, 4): 3107, (2, 4): 3107, (3, 4): 3107,
}  # fmt: skip
"""Matched trials of a pair of subjects, in either order."""


def check_real_trials(trials: pd.DataFrame, stimuli: pd.DataFrame) -> None:
    """Refuse trials that claim to be those of BOLD5000 and have other counts.

    Parameters
    ----------
    trials : DataFrame
        The prepared trials of some or all subjects. A subject with fewer sessions than published,
        which a user may choose for a quick run, is only checked for trials a session.
    stimuli : DataFrame
        The prepared stimuli.

    Raises
    ------
    RepalignError
        Naming the subject or pair, what was found and what is known.
    """
    _expect("images by source", stimuli["subset"].value_counts().to_dict(), N_IMAGES)
    own = {int(str(subject)): part for subject, part in trials.groupby("subject")}
    whole = {}
    for subject, part in own.items():
        who = f"subject {subject}: "
        counts = set(part.groupby("session").size())
        allowed = {TRIALS_PER_RUN * n for n in RUNS_PER_SESSION}
        _expect(who + "other counts of trials a session", sorted(counts - allowed), [])
        n_sessions = int(part["session"].nunique())
        if n_sessions != SESSIONS.get(subject):
            logger.warning("subject %d has %d sessions: no known counts", subject, n_sessions)
            continue
        whole[subject] = part
        _expect(who + "trials", len(part), N_PRESENTATIONS[subject])
        _expect(who + "images", part["stimulus"].nunique(), IMAGES_OF_SUBJECT[subject])
        if subject != max(SESSIONS):
            repeated = int((part.groupby("stimulus").size() > 1).sum())
            _expect(who + "repeated images", repeated, N_REPEATED)
    for (i, j), expected in MATCHED_TRIALS.items():
        if i in whole and j in whole:
            for one, other in ((i, j), (j, i)):
                matched = sum(matched_by_session(whole[one], whole[other]).values())
                _expect(f"subjects {one} and {other}: matched trials", matched, expected)


def _expect(what: str, found: object, expected: object) -> None:
    expect("bold5000", "BOLD5000", what, found, expected)
