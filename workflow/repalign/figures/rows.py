"""The rows of an alignment table, read block by block, and running means over them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from repalign.errors import RepalignError
from repalign.tables.rsa_table import RSA_SUBJECT_SUBJECT

BATCH_ROWS = 2**17
"""Rows in memory at once; a pair of subjects with 360 regions has 129,600."""

Floats = npt.NDArray[np.float64]


class Mean:
    """Running means by position that leave NaN out and count rows and values."""

    def __init__(self, size: int) -> None:
        self.total = np.zeros(size)
        self.rows = np.zeros(size, dtype=np.int64)
        self.defined = np.zeros(size, dtype=np.int64)

    def add(self, position: npt.NDArray[np.intp], value: Floats) -> None:
        """Add values at positions."""
        size, known = len(self.total), ~np.isnan(value)
        self.rows += np.bincount(position, minlength=size)
        self.defined += np.bincount(position[known], minlength=size)
        self.total += np.bincount(position[known], weights=value[known], minlength=size)

    def mean(self) -> Floats:
        """Return the means, NaN where nothing was added."""
        means = np.full(len(self.total), np.nan)
        np.divide(self.total, self.defined, out=means, where=self.defined > 0)
        return means


def mean_of_known(values: npt.NDArray[np.floating], axis: int = 0) -> Floats:
    """Return the mean over an axis in float64, without NaN; NaN where all are."""
    known = ~np.isnan(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0).sum(axis=axis, dtype=np.float64)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def standard_error(values: Floats) -> Floats:
    """Return the standard error of the mean over subjects.

    Parameters
    ----------
    values : ndarray, shape (n_subjects, n_places)
        One value a subject and, say, region; NaN where undefined.

    Returns
    -------
    ndarray, shape (n_places,)
        Over the subjects that have a value; NaN for fewer than two.
    """
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    enough = count > 1
    safe = np.where(enough, count, 2)
    squares = np.where(known, values - mean_of_known(values), 0) ** 2
    error = np.sqrt(squares.sum(axis=0) / (safe - 1) / safe)
    return np.where(enough, error, np.nan)


def batches(
    table: str | Path, names: Sequence[str] = RSA_SUBJECT_SUBJECT.names
) -> Iterator[dict[str, npt.NDArray[np.generic]]]:
    """Give columns of a table block by block, similarities as float64, categories as text."""
    try:
        with pq.ParquetFile(table) as file:
            missing = sorted(set(names) - set(file.schema_arrow.names))
            if missing:
                raise RepalignError(
                    f"no column {', '.join(missing)}",
                    where=table,
                    expected=f"columns {', '.join(names)}",
                    remedy="Delete it and run the workflow again.",
                )
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=list(names)):
                columns = {
                    name: batch.column(name).to_numpy(zero_copy_only=False) for name in names
                }
                yield columns | {"similarity": columns["similarity"].astype(np.float64)}
    except (pa.ArrowInvalid, OSError) as error:
        raise RepalignError(
            f"a file that cannot be read ({error})",
            where=table,
            expected="a complete parquet file",
            remedy="Delete it and run the workflow again.",
        ) from error


def positions(
    values: npt.NDArray[np.generic], ids: npt.NDArray[np.int_], column: str, table: str | Path
) -> npt.NDArray[np.intp]:
    """Return the place of each value among ascending ids."""
    places = np.searchsorted(ids, values)
    known = places < len(ids)
    known[known] = ids[places[known]] == values[known]
    if not known.all():
        raise RepalignError(
            f"{column} {values[~known][0]}",
            where=table,
            expected=f"one of {len(ids)} values from {ids[0]} to {ids[-1]}",
            remedy="Delete it and run the workflow again, or name the regions and subjects that "
            "it has.",
        )
    return places
