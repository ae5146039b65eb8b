"""Inter-subject RSA pair by pair: what means over subjects, and tests over them, are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from repalign.errors import RepalignError
from repalign.figures.rows import Floats, batches, mean_of_known, positions
from repalign.tables.rsa_table import RSA_SUBJECT_SUBJECT

Cube = npt.NDArray[np.float32]


@dataclass(frozen=True)
class PairCube:
    """Similarities of every region with every region in every ordered pair of subjects.

    Attributes
    ----------
    rois, subjects : tuple of int
        Ids, ascending.
    values : ndarray of float32, shape (n_subjects, n_subjects, n_rois, n_rois)
        Subject i, subject j, region of i, region of j; NaN where undefined.
    """

    rois: tuple[int, ...]
    subjects: tuple[int, ...]
    values: Cube

    def inter(self) -> Floats:
        """Return the mean over all i != j, shape (n_rois, n_rois), symmetric up to rounding."""
        return mean_of_known(self.values[~np.eye(len(self.subjects), dtype=bool)])

    def within(self) -> Floats:
        """Return the mean over i == j, shape (n_rois, n_rois)."""
        return mean_of_known(self.of_subjects())

    def of_subjects(self) -> Cube:
        """Return what is within each subject, shape (n_subjects, n_rois, n_rois)."""
        own = np.arange(len(self.subjects))
        return self.values[own, own]

    def region_means(self) -> Floats:
        """Return the similarity of each region with itself in others, shape (n_rois,)."""
        diagonal = np.diagonal(self.values, axis1=2, axis2=3)
        return mean_of_known(diagonal[~np.eye(len(self.subjects), dtype=bool)])

    def of_rois(self, rois: Sequence[int]) -> PairCube:
        """Return the part of some regions, in their order."""
        index = np.array([self.rois.index(roi) for roi in rois], dtype=np.intp)
        return PairCube(tuple(rois), self.subjects, self.values[:, :, index[:, None], index])


def read_pair_cube(
    table: str | Path,
    rois: Sequence[int],
    subjects: Sequence[int],
    *,
    shift: int,
    joined: bool,
    subset: str | None = None,
) -> PairCube:
    """Read a table of inter-subject RSA whole.

    Parameters
    ----------
    table : str or Path
        With the columns `RSA_SUBJECT_SUBJECT`; with `subset` as well, where one is asked for.
    rois, subjects : sequence of int
        Region ids and subject numbers that the table must have, each once with each other.
    shift : int
        Shift of the repetitions that it must have.
    joined : bool
        Whether its regions must join both hemispheres.
    subset : str, optional
        Images whose rows are read; others are passed over.

    Returns
    -------
    PairCube
        For 8 subjects and 360 regions 33 MB.

    Raises
    ------
    RepalignError
        If the table cannot be read, or rows are missing, doubled or of something else.
    """
    roi_ids, subject_ids = np.unique(rois), np.unique(subjects)
    n_rois, n_subjects = len(roi_ids), len(subject_ids)
    values = np.full(n_subjects**2 * n_rois**2, np.nan, dtype=np.float32)
    seen = np.zeros(values.size, dtype=bool)
    names = [*RSA_SUBJECT_SUBJECT.names, *(["subset"] if subset is not None else [])]
    n_rows = 0
    for batch in batches(table, names):
        if subset is not None:
            chosen = batch["subset"] == subset
            batch = {name: column[chosen] for name, column in batch.items()}
        if np.any(batch["rep_shift"] != shift) or np.any(batch["join_hemispheres"] != joined):
            raise _mismatch(table, "rows of another shift or hemisphere mode", shift, joined)
        i, j = (
            positions(batch[name], subject_ids, name, table) for name in ("subject_i", "subject_j")
        )
        x, y = (positions(batch[name], roi_ids, name, table) for name in ("roi_x", "roi_y"))
        place = ((i * n_subjects + j) * n_rois + x) * n_rois + y
        values[place] = batch["similarity"].astype(np.float32)
        seen[place] = True
        n_rows += place.size
    if n_rows != values.size or not seen.all():
        raise _mismatch(table, f"{n_rows} rows, some missing or doubled", shift, joined, subset)
    shape = (n_subjects, n_subjects, n_rois, n_rois)
    return PairCube(tuple(roi_ids.tolist()), tuple(subject_ids.tolist()), values.reshape(shape))


def _mismatch(
    table: str | Path, found: str, shift: int, joined: bool, subset: str | None = None
) -> RepalignError:
    """Return the error for a table that is not the one that was asked for."""
    of = f" of the images `{subset}`" if subset is not None else ""
    return RepalignError(
        found,
        where=table,
        expected=(
            f"every ordered pair of subjects with every ordered pair of regions once{of}, shift "
            f"{shift}, hemispheres {'joined' if joined else 'separated'}"
        ),
        remedy="Delete it and run the workflow again.",
    )
