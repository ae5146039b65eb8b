"""Known counts of real datasets: how one is compared, and how trials of two subjects match."""

from __future__ import annotations

import pandas as pd

from repalign.datasets.matching import match_sessions
from repalign.errors import RepalignError


def expect(dataset: str, title: str, what: str, found: object, expected: object) -> None:
    """Refuse a dataset that claims to be the real one and has another count.

    Parameters
    ----------
    dataset : str
        Section of the settings, such as `nsd`.
    title : str
        Name of the dataset.
    what : str
        What was counted.
    found, expected : object
        The counts.

    Raises
    ------
    RepalignError
        If they differ.
    """
    if found != expected:
        raise RepalignError(
            f"{found}",
            where=f"prepared trials of {title}, {what}",
            expected=f"{expected}, as in the real {title}",
            remedy=(
                f"Check the section {dataset} of the settings and the raw files. If these "
                f"recordings are not the released {title}, set {dataset}.source to `other` in "
                "config/config.yaml."
            ),
        )


def matched_by_session(trials_i: pd.DataFrame, trials_j: pd.DataFrame) -> dict[int, int]:
    """Count matched trials of two subjects by the sessions of the first.

    Parameters
    ----------
    trials_i, trials_j : DataFrame
        Trials of one subject each: subject, trial, session, stimulus, repetition. A trial is
        matched with the same repetition of the same stimulus, in whatever session of j.

    Returns
    -------
    dict of int to int
        Matched trials by session of i; 0 where none is.
    """
    both = pd.concat([trials_i, trials_j])
    i, j = (int(trials["subject"].iloc[0]) for trials in (trials_i, trials_j))
    matched = match_sessions(both, i, j, int(both["repetition"].max()) + 1)
    return {session: len(keys) for session, keys, *_ in matched}
