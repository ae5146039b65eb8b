"""Shared images that every subject was shown as often as planned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd


def complete_images(
    trials: pd.DataFrame, subjects: Sequence[int], n_repetitions: int
) -> npt.NDArray[np.int64]:
    """Find the shared images that all of some subjects were shown as often as planned.

    Parameters
    ----------
    trials : DataFrame
        `trials.parquet`.
    subjects : sequence of int
        Subjects that count.
    n_repetitions : int
        Planned showings.

    Returns
    -------
    ndarray, shape (n_images,), int64
        Stimuli, ascending; perhaps none.
    """
    shared = trials[trials["shared"] & trials["subject"].isin(list(subjects))]
    counts = shared.groupby(["stimulus", "subject"]).size()
    complete = counts[counts >= n_repetitions].groupby("stimulus").size()
    return np.sort(complete.index[complete == len(set(subjects))].to_numpy(np.int64))
