"""Similarity of each region with itself, or with a partner, for every ordered pair of subjects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from repalign.errors import RepalignError
from repalign.figures.rows import BATCH_ROWS, Floats, mean_of_known, positions

RSA_NAMES = {"similarity": "similarity", "shift": "rep_shift"}
CKA_NAMES = {"similarity": "score", "shift": "shift"}
KEYS = ("subject_i", "subject_j", "roi_x", "roi_y", "join_hemispheres")


@dataclass(frozen=True)
class PairValues:
    """One value for every ordered pair of subjects and region.

    Attributes
    ----------
    rois, subjects : tuple of int
        Ids, ascending.
    value : ndarray, shape (n_subjects, n_subjects, n_rois)
        Similarity of the region in subject i with that in subject j; NaN where undefined.
    """

    rois: tuple[int, ...]
    subjects: tuple[int, ...]
    value: Floats

    def between_subjects(self) -> Floats:
        """Return for each subject i the mean over j != i, shape (n_subjects, n_rois)."""
        return mean_of_known(np.where(np.eye(len(self.subjects), dtype=bool)[..., None], np.nan,
                                self.value), axis=1)  # fmt: skip

    def within_subjects(self) -> Floats:
        """Return each subject with itself, shape (n_subjects, n_rois)."""
        own = np.arange(len(self.subjects))
        within: Floats = self.value[own, own]
        return within

    def pairs(self) -> Floats:
        """Return all pairs i != j, i major, shape (n_pairs, n_rois)."""
        other = ~np.eye(len(self.subjects), dtype=bool)
        pairs: Floats = self.value[other]
        return pairs


def read_pairs(
    table: str | Path,
    rois: Sequence[int],
    subjects: Sequence[int],
    *,
    shift: int,
    joined: bool,
    partners: Sequence[int] | None = None,
) -> PairValues:
    """Read the values of a table of inter-subject RSA or CKA, a bounded number of rows at a time.

    Parameters
    ----------
    table : str or Path
        Published table; a column `score` makes it one of CKA.
    rois, subjects : sequence of int
        Region ids and subject numbers that the table must have.
    shift : int
        Shift of the repetitions that it must have.
    joined : bool
        Whether its regions must join both hemispheres.
    partners : sequence of int, optional
        For each of `rois` the region of subject j that it is compared with; by default itself.

    Returns
    -------
    PairValues
        In float64.

    Raises
    ------
    RepalignError
        If the table cannot be read, is of another shift or hemisphere mode, or lacks a pair.
    """
    ids, numbers = np.asarray(rois), np.asarray(subjects)
    with_whom = ids if partners is None else np.asarray(partners)
    wanted = np.full(max(ids.max(), with_whom.max()) + 1, -1)
    wanted[ids] = with_whom
    order = np.argsort(ids)
    value = np.full((len(numbers), len(numbers), len(ids)), np.nan)
    seen = np.zeros(value.shape, dtype=np.int64)
    for batch in _batches(table):
        if np.any(batch["shift"] != shift) or np.any(batch["join_hemispheres"] != joined):
            raise _unfit(table, "rows of another shift or hemisphere mode", shift, joined)
        x = batch["roi_x"].astype(np.intp)
        chosen = np.flatnonzero(x < len(wanted))
        chosen = chosen[wanted[x[chosen]] == batch["roi_y"][chosen]]
        region = order[positions(x[chosen], ids[order], "roi_x", table)]
        i, j = (
            positions(batch[name][chosen], numbers, name, table)
            for name in ("subject_i", "subject_j")
        )
        value[i, j, region] = batch["similarity"][chosen]
        np.add.at(seen, (i, j, region), 1)
    if not np.all(seen == 1):
        found = f"{np.count_nonzero(seen != 1)} values missing or doubled"
        raise _unfit(table, found, shift, joined)
    return PairValues(tuple(ids.tolist()), tuple(numbers.tolist()), value)


def _batches(table: str | Path) -> Iterator[dict[str, npt.NDArray[np.generic]]]:
    """Give the columns of a table block by block under names of our own."""
    try:
        with pq.ParquetFile(table) as file:
            present = file.schema_arrow.names
            names = CKA_NAMES if "score" in present else RSA_NAMES
            columns = {**names, **dict(zip(KEYS, KEYS, strict=True))}
            missing = sorted(set(columns.values()) - set(present))
            if missing:
                raise RepalignError(
                    f"no column {', '.join(missing)}",
                    where=table,
                    expected=f"columns {', '.join(columns.values())}",
                    remedy="Delete it and run the workflow again.",
                )
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=[*columns.values()]):
                yield {
                    own: batch.column(name).to_numpy(zero_copy_only=False)
                    for own, name in columns.items()
                }
    except (pa.ArrowInvalid, OSError) as error:
        raise RepalignError(
            f"a file that cannot be read ({error})",
            where=table,
            expected="a complete parquet file",
            remedy="Delete it and run the workflow again.",
        ) from error


def _unfit(table: str | Path, found: str, shift: int, joined: bool) -> RepalignError:
    """Return the error for a table that is not the one that was asked for."""
    return RepalignError(
        found,
        where=table,
        expected=(
            f"every ordered pair of subjects with every region, once, shift {shift}, hemispheres "
            f"{'joined' if joined else 'separated'}"
        ),
        remedy="Delete it and run the workflow again.",
    )
