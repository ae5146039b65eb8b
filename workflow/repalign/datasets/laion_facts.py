"""Known counts of the real LAION-fMRI, as its documentation and public client give them."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd

from repalign.datasets.facts import expect
from repalign.tables.laion_layout import SUBJECTS

log = logging.getLogger("repalign")

N_IMAGES, N_SHARED, N_OOD, N_UNIQUE = 25_052, 1_492, 371, 4_712
N_SESSIONS = 30
N_SHORT = 8
"""Images that a subject saw once less than planned."""
N_TRIALS = 31_856


def check_real_trials(trials: pd.DataFrame, stimuli: pd.DataFrame) -> None:
    """Refuse trials that claim to be those of LAION-fMRI and have other counts.

    Parameters
    ----------
    trials : DataFrame
        The prepared trials of some or all subjects. Those of a subject without all of its
        sessions are not counted.
    stimuli : DataFrame
        The prepared stimuli.

    Raises
    ------
    RepalignError
        Naming the subject, what was found and what is known.
    """
    shared = stimuli["shared"]
    _expect("images", len(stimuli), N_IMAGES)
    _expect("shared images", int(shared.sum()), N_SHARED)
    _expect("shared images out of distribution", int((shared & stimuli["ood"]).sum()), N_OOD)
    for subject, own in trials.groupby("subject"):
        number = int(str(subject))
        who = f"subject {number}: "
        _expect(who + "number", number in SUBJECTS, True)
        _expect(who + "images of its own", int((stimuli["owner"] == number).sum()), N_UNIQUE)
        if own["session"].nunique() < N_SESSIONS:
            log.warning("subject %d: fewer than %d sessions, so that trials are not counted",
                        number, N_SESSIONS)  # fmt: skip
            continue
        planned = stimuli["n_reps"].to_numpy(np.int64)[shared | (stimuli["owner"] == number)]
        _expect(who + "trials", len(own), N_TRIALS)
        _expect(who + "planned trials", int(planned.sum()), N_TRIALS + N_SHORT)


def _expect(what: str, found: object, expected: object) -> None:
    expect("laion", "LAION-fMRI", what, found, expected)
