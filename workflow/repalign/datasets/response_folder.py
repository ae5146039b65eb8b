"""The folder of a subject's responses: one matrix a region, with a table of their quality."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_folder

REGIONS_TABLE = "regions.tsv"
TRIALS_HELD = "trials.npy"
"""In a folder that holds some trials only: which ones, ascending."""


def region_file(roi: int) -> str:
    """Return the file name of a region's matrix."""
    return f"roi-{roi:03d}.npy"


def open_region(folder: str | Path, roi: int) -> NDArray[Any]:
    """Map the responses of a region into memory, read-only.

    Parameters
    ----------
    folder : str or Path
        A subject's folder of responses.
    roi : int
        Region id.

    Returns
    -------
    memmap, shape (n_trials, n_voxels)
        In C order, in the raw dtype.

    Raises
    ------
    RepalignError
        If the matrix is missing or is no readable `.npy` file.
    """
    return open_npy(Path(folder) / region_file(roi), "Prepare the responses again.")


def read_trials(
    folder: str | Path, roi_list: Sequence[int], rows: NDArray[np.int64]
) -> NDArray[Any]:
    """Read some trials of one region, or of several joined along the voxel axis.

    Parameters
    ----------
    folder : str or Path
        A subject's folder of responses.
    roi_list : sequence of int
        Region ids, in the order of their columns: left before right for joined hemispheres.
    rows : ndarray, shape (n_rows,), int
        Trials wanted, in the order wanted, numbered as in the trial table.

    Returns
    -------
    ndarray, shape (n_rows, n_voxels)
        In C order, in the raw dtype. Only the pages that hold these rows are read.

    Raises
    ------
    RepalignError
        If a matrix cannot be read, `rows` go beyond it, or the folder does not hold some of them.
    """
    matrices = [open_region(folder, roi) for roi in roi_list]
    rows = _held_rows(Path(folder), rows)
    n_trials = min(matrix.shape[0] for matrix in matrices)
    if rows.size and not 0 <= int(rows.min()) <= int(rows.max()) < n_trials:
        raise RepalignError(
            f"{n_trials} trials",
            where=f"{folder}, regions {list(roi_list)}",
            expected=f"rows up to {rows.max()}, as in the trial table",
            remedy="Prepare the trials and the responses again, from the same sessions.",
        )
    n_voxels = sum(matrix.shape[1] for matrix in matrices)
    joined = np.empty((rows.size, n_voxels), dtype=np.result_type(*matrices))
    start = 0
    for matrix in matrices:
        stop = start + matrix.shape[1]
        joined[:, start:stop] = matrix[rows]
        start = stop
    return joined


def _held_rows(folder: Path, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where a folder holds some trials; in a whole folder, at their own numbers."""
    if not (folder / TRIALS_HELD).is_file():
        return rows
    held: NDArray[np.int64] = np.load(folder / TRIALS_HELD, allow_pickle=False)
    places = np.minimum(np.searchsorted(held, rows), max(0, held.size - 1))
    absent = rows[held[places] != rows] if held.size else rows
    if absent.size:
        raise RepalignError(
            f"no trial {absent[0]} ({absent.size} of {rows.size} are not held)",
            where=folder,
            expected="all trials of shared stimuli",
            remedy="Delete the folder and run the workflow again.",
        )
    return places


def select_trials(
    folder: str | Path, rois: Sequence[int], rows: NDArray[np.int64], output: str | Path
) -> None:
    """Copy some trials of all regions into a folder of their own.

    Comparisons read the same few trials of a subject many times; scattered over whole matrices
    they touch every page of them.

    Parameters
    ----------
    folder : str or Path
        A subject's folder of responses.
    rois : sequence of int
        Regions to copy.
    rows : ndarray of int64, shape (n_rows,)
        Trials to copy, ascending.
    output : str or Path
        Folder to make, read by `read_trials` like a whole one.

    Raises
    ------
    RepalignError
        If a matrix cannot be read, or `rows` go beyond it.
    """
    with atomic_folder(output) as temporary:
        np.save(temporary / TRIALS_HELD, rows, allow_pickle=False)
        for roi in rois:
            with (temporary / region_file(roi)).open("wb") as file:
                np.save(file, read_trials(folder, [roi], rows), allow_pickle=False)


def open_npy(path: Path, remedy: str) -> NDArray[Any]:
    """Map a two-axis `.npy` file into memory, read-only, or say what is wrong with it.

    Parameters
    ----------
    path : Path
        The file.
    remedy : str
        What to do if it cannot be read.

    Returns
    -------
    memmap, shape (n_trials, n_voxels)
        In C order, in its own dtype.

    Raises
    ------
    RepalignError
        If it is missing, not whole, or not such a matrix.
    """
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise RepalignError(
            "no such file", where=path, expected="a matrix of trials × voxels", remedy=remedy
        ) from error
    except (ValueError, EOFError, OSError) as error:
        raise RepalignError(
            f"a file that cannot be read ({error})",
            where=path,
            expected="a whole .npy file of numbers, not of Python objects",
            remedy=remedy,
        ) from error
    if not isinstance(array, np.ndarray) or array.ndim != 2:
        found = f"shape {array.shape}" if isinstance(array, np.ndarray) else "an archive"
        raise RepalignError(found, where=path, expected="trials × voxels", remedy=remedy)
    return array


def write_npy_header(file: BinaryIO, shape: tuple[int, int], dtype: np.dtype[Any]) -> None:
    """Write the header of a C-order `.npy` file, so that its rows can be written one by one."""
    np.lib.format.write_array_header_1_0(
        file,
        {
            "descr": np.lib.format.dtype_to_descr(dtype),
            "fortran_order": False,
            "shape": shape,
        },
    )


def write_all(file: BinaryIO, rows: NDArray[Any]) -> None:
    """Write a C-contiguous array to an unbuffered file, which may take it in pieces.

    Parameters
    ----------
    file : BinaryIO
        Open for writing.
    rows : ndarray, shape (n_rows, n_columns)
        What to write, in any dtype.
    """
    left = memoryview(np.ascontiguousarray(rows).reshape(-1).view(np.uint8))  # type: ignore[arg-type]
    while len(left):
        left = left[file.write(left) :]


class ConstantColumns:
    """Find the columns that never change, from blocks of rows.

    Columns that have changed are not looked at again, so that the cost is that of a few rows.

    Attributes
    ----------
    columns : ndarray, shape (n_constant,), int64
        Columns that were constant so far.
    """

    def __init__(self, n_columns: int) -> None:
        self.columns: NDArray[np.int64] = np.arange(n_columns)
        self._first: NDArray[Any] | None = None

    def update(self, block: NDArray[Any]) -> None:
        """Take in a block of rows.

        Parameters
        ----------
        block : ndarray, shape (n_rows, n_columns)
            The next rows.
        """
        if not len(block) or not self.columns.size:
            return
        if self._first is None:
            self._first = block[0].copy()
        self._keep(block[-1][self.columns] == self._first[self.columns])
        if self.columns.size:
            same = block[:, self.columns] == self._first[self.columns]
            self._keep(same.all(axis=0))

    def _keep(self, constant: NDArray[np.bool_]) -> None:
        self.columns = self.columns[constant]


def quality_table(
    regions: Sequence[int], n_voxels: Sequence[int], n_dead: Sequence[int]
) -> pd.DataFrame:
    """Describe the matrices of a subject.

    Parameters
    ----------
    regions : sequence of int
        Region ids.
    n_voxels, n_dead : sequence of int
        Voxels of each, and how many of them are constant over all trials.

    Returns
    -------
    DataFrame
        roi, n_voxels, n_dead, status: `empty` (no voxel), `constant` (no voxel that varies),
        `single voxel` (a correlation distance over voxels does not exist) or `ok`.
    """
    status = [
        "empty" if n == 0 else "constant" if dead == n else "single voxel" if n == 1 else "ok"
        for n, dead in zip(n_voxels, n_dead, strict=True)
    ]
    return pd.DataFrame(
        {
            "roi": list(regions),
            "n_voxels": list(n_voxels),
            "n_dead": list(n_dead),
            "status": status,
        }
    )


def write_quality_table(folder: Path, table: pd.DataFrame) -> None:
    """Write `regions.tsv` into a folder of responses."""
    table.to_csv(folder / REGIONS_TABLE, sep="\t", index=False, lineterminator="\n")
