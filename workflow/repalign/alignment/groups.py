"""A subject against the group of all others (leave-one-out), on the trials of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.alignment.pairs import compare_regions
from repalign.alignment.subsets import matched_trials
from repalign.alignment.vectors import VectorMaker
from repalign.datasets.response_folder import read_trials
from repalign.tables.progress import progress
from repalign.tables.rdm_store import RdmReader, write_rdms

Rows = npt.NDArray[np.int64]


def group_trials(
    trials: pd.DataFrame,
    subject: int,
    others: Sequence[int],
    shift: int,
    n_repetitions: int,
    subset: Path | None = None,
) -> tuple[Rows, dict[int, Rows]]:
    """Return the trials of a subject that match one of every other subject.

    Parameters
    ----------
    trials : DataFrame
        Trials of a prepared dataset.
    subject : int
        The subject that is left out of the group.
    others : sequence of int
        The group.
    shift : int
        Shift of the repetitions.
    n_repetitions : int
        Planned showings of a stimulus.
    subset : Path, optional
        File of the stimuli that take part; all shared ones, if not given.

    Returns
    -------
    keys : ndarray of int64, shape (n_trials,)
        Stimulus * n_repetitions + repetition of the subject's trials, ascending.
    rows : dict of int to ndarray of int64, shape (n_trials,)
        Rows of the matched trials in the matrices of every subject, the left-out one included.
    """
    own = {
        j: matched_trials(trials, subject, j, shift, "x", n_repetitions, subset) for j in others
    }
    keys = reduce(np.intersect1d, (found for found, _ in own.values()))
    rows = {}
    for j, (found, found_rows) in own.items():
        rows[subject] = found_rows[np.searchsorted(found, keys)]
        partner, partner_rows = matched_trials(
            trials, j, subject, shift, "y", n_repetitions, subset
        )
        rows[j] = partner_rows[np.searchsorted(partner, keys)]
    return keys, rows


def compare_with_group(
    scratch: Path,
    responses: Mapping[int, Path],
    groups: Mapping[int, Sequence[int]],
    keys: Rows,
    rows: Mapping[int, Rows],
    make: VectorMaker,
    *,
    subject: int,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Compare every region of a subject with every region of the group.

    Parameters
    ----------
    scratch : Path
        An existing folder for vectors (twice n_rois * n_pairs * 4 bytes).
    responses : mapping of int to Path
        Matrices of every subject.
    groups : mapping of int to sequence of int
        Regions that are taken together.
    keys : ndarray of int64, shape (n_trials,)
        Trials, as returned by `group_trials`.
    rows : mapping of int to ndarray
        Rows of every subject, as returned by `group_trials`.
    make : VectorMaker
        What is computed of each region.
    subject : int
        The left-out subject.

    Returns
    -------
    similarity : ndarray of float64, shape (n_rois, n_rois)
        Regions of the subject with the mean of the group's unit vectors. The mean is not a unit
        vector, so this is the mean similarity with the members, as published.
    normalized : ndarray of float64, shape (n_rois, n_rois)
        The same divided by the norm of the mean: the correlation with the group's mean RDM.
    """
    members = [j for j in rows if j != subject]
    norms = np.full(len(groups), np.nan)
    rois = list(groups)
    own, mean = make.empty(len(keys)), make.empty(len(keys))
    for name in ("own", "mean"):
        (scratch / name).mkdir()
    with (
        write_rdms(scratch / "own", rois, keys) as own_writer,
        write_rdms(scratch / "mean", rois, keys) as mean_writer,
    ):
        for k, (_, regions) in progress(enumerate(groups.items()), "regions", total=len(rois)):
            make(read_trials(responses[subject], regions, rows[subject]), own)
            own_writer.append(own)
            total = np.zeros(len(own), dtype=np.float64)
            for j in members:
                make(read_trials(responses[j], regions, rows[j]), mean)
                total += mean
            total /= len(members)
            norms[k] = np.sqrt(total @ total)
            mean_writer.append(total.astype(np.float32))
    similarity = compare_regions(RdmReader(scratch / "own"), RdmReader(scratch / "mean"))
    return similarity, similarity / norms
