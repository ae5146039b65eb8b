"""Images that multi-view CCA of subjects is made from, and each subject's rows for them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.datasets.complete_images import complete_images
from repalign.errors import RepalignError
from repalign.tables.parquet import read_table

Ids = npt.NDArray[np.int64]
ImageSet = Literal["complete", "union"]


def shared_images(
    trials: pd.DataFrame, subjects: list[int], n_repetitions: int, image_set: ImageSet
) -> dict[int, Ids]:
    """Return the images of each subject.

    Parameters
    ----------
    trials : DataFrame
        Trials of a prepared dataset.
    subjects : list of int
        The subjects that take part, ascending.
    n_repetitions : int
        Planned showings of an image.
    image_set : {"complete", "union"}
        "complete": shared images with all showings in every subject. "union": shared images
        with at least one showing in at least two subjects; a subject has those it was shown.

    Returns
    -------
    dict of int to ndarray of int64
        Stimuli of each subject, ascending; the same ones for all with "complete".

    Raises
    ------
    RepalignError
        If there are none.
    """
    shared = trials[trials["shared"] & trials["subject"].isin(subjects)]
    stimuli = np.unique(shared["stimulus"].to_numpy(dtype=np.int64))
    counts = np.zeros((len(stimuli), len(subjects)), dtype=np.int64)
    rows = np.searchsorted(stimuli, shared["stimulus"])
    np.add.at(counts, (rows, np.searchsorted(subjects, shared["subject"])), 1)
    if image_set == "complete":
        complete = np.isin(stimuli, complete_images(shared, subjects, n_repetitions))
        seen = np.repeat(complete[:, np.newaxis], len(subjects), 1)
    else:
        seen = (counts > 0) & ((counts > 0).sum(axis=1, keepdims=True) >= 2)
    if not seen.any():
        raise RepalignError(
            f"no image among {len(stimuli)} shared ones that fits kmcca.images: {image_set}",
            where=f"trials of subjects {subjects}",
            expected="images that several subjects were shown",
            remedy="Set kmcca.images: union, or use subjects with more sessions.",
        )
    return {subject: stimuli[own] for subject, own in zip(subjects, seen.T, strict=True)}


def image_rows(trials: pd.DataFrame, subject: int, images: Ids) -> tuple[Ids, Ids]:
    """Return a subject's trials that show some images.

    Parameters
    ----------
    trials : DataFrame
        Trials of a prepared dataset.
    subject : int
        Subject number.
    images : ndarray of int64
        Stimuli.

    Returns
    -------
    stimuli, rows : ndarray of int64, shape (n_trials,)
        Stimulus of each trial, ascending, and its row in the response matrices.
    """
    own = trials[(trials["subject"] == subject) & trials["stimulus"].isin(images)]
    own = own.sort_values(["stimulus", "repetition"])
    return own["stimulus"].to_numpy(dtype=np.int64), own["trial"].to_numpy(dtype=np.int64)


def nsd_ids(stimuli: str | Path, images: Ids) -> Ids:
    """Return the nsd_id of stimuli.

    Parameters
    ----------
    stimuli : str or Path
        `stimuli.parquet` of a prepared dataset.
    images : ndarray of int64, shape (n,)
        Stimuli.

    Returns
    -------
    ndarray of int64, shape (n,)

    Raises
    ------
    RepalignError
        If the table does not have one of them, or two have one nsd_id.
    """
    table = read_table(stimuli).select(["stimulus", "nsd_id"]).to_pandas()
    found = table.set_index("stimulus")["nsd_id"].reindex(images)
    if found.isna().any() or found.duplicated().any():
        raise RepalignError(
            f"{int(found.isna().sum())} stimuli of the trials missing, "
            f"{int(found.dropna().duplicated().sum())} with the nsd_id of another",
            where=stimuli,
            expected="a row for each stimulus, each with its own nsd_id",
            remedy="Delete it and trials.parquet and run the workflow again.",
        )
    ids: Ids = found.to_numpy(dtype=np.int64)
    return ids
