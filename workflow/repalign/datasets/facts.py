"""Known counts of real datasets: how one is compared, and how trials of two subjects match."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from repalign.datasets.matching import match_trials
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
        Trials of one subject each: trial, session, stimulus, repetition. A trial is matched with
        the same repetition of the same stimulus, in whatever session of j.

    Returns
    -------
    dict of int to int
        Matched trials by session of i; 0 where none is.
    """
    n_repetitions = int(max(trials_i["repetition"].max(), trials_j["repetition"].max())) + 1
    rows: NDArray[np.int64] = match_trials(
        trials_i.assign(shared=True), trials_j.assign(shared=True), 0, n_repetitions
    )[0]
    session = trials_i.set_index("trial")["session"]
    counts = session.reindex(rows.tolist()).value_counts()
    return {int(k): int(counts.get(k, 0)) for k in sorted(session.unique())}
