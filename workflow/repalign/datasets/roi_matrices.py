"""ROI matrices that a lab already has: checked, and linked into the prepared dataset."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.datasets.response_folder import (
    ConstantColumns,
    open_npy,
    quality_table,
    region_file,
    write_quality_table,
)
from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_folder

DTYPES = ("int16", "float32", "float64")
BLOCK_BYTES = 32 * 2**20
_REMEDY = "Write the matrix again, or correct nsd.roi_matrices in the settings."


def link_roi_matrices(
    matrices: Mapping[int, str | Path], n_trials: int, output_folder: str | Path
) -> None:
    """Check region matrices and link them, by absolute path, into a folder of responses.

    Parameters
    ----------
    matrices : mapping of int to path
        The file of each region: `.npy`, shape (n_trials, n_voxels), C order, int16, float32 or
        float64 in this machine's byte order.
    n_trials : int
        Rows that each matrix must have: the trials of the recorded sessions.
    output_folder : str or Path
        Folder to make: `roi-001.npy` ... and `regions.tsv`.

    Raises
    ------
    RepalignError
        If a matrix is missing, cannot be read, or has another shape, order or dtype, or values
        that are not finite. No output is left.
    """
    n_voxels, n_dead = [], []
    with atomic_folder(output_folder) as temporary:
        for roi, path in matrices.items():
            matrix = open_npy(Path(path), _REMEDY)
            _check_layout(Path(path), matrix, n_trials)
            n_voxels.append(matrix.shape[1])
            n_dead.append(_check_values(Path(path), matrix))
            (temporary / region_file(roi)).symlink_to(Path(path).resolve())
        write_quality_table(temporary, quality_table(list(matrices), n_voxels, n_dead))


def _check_layout(path: Path, matrix: NDArray[Any], n_trials: int) -> None:
    checks = (
        (
            matrix.shape[0] == n_trials,
            f"{matrix.shape[0]} rows (shape {matrix.shape})",
            f"{n_trials} rows, one a trial of the recorded sessions",
            "Correct nsd.sessions, or write the matrix again from all sessions.",
        ),
        (
            matrix.dtype.name in DTYPES and matrix.dtype.isnative,
            f"values of type {matrix.dtype.str}",
            f"{', '.join(DTYPES)} in this machine's byte order",
            _REMEDY,
        ),
        (
            bool(matrix.flags.c_contiguous),
            "a matrix in Fortran order",
            "C order: the voxels of a trial side by side",
            "Save it again as numpy.ascontiguousarray(matrix).",
        ),
    )
    for holds, found, expected, remedy in checks:
        if not holds:
            raise RepalignError(found, where=path, expected=expected, remedy=remedy)


def _check_values(path: Path, matrix: NDArray[Any]) -> int:
    """Refuse values that are not finite; return the number of constant columns."""
    constant = ConstantColumns(matrix.shape[1])
    per_block = max(1, BLOCK_BYTES // max(1, matrix.shape[1] * matrix.itemsize))
    for start in range(0, matrix.shape[0], per_block):
        if matrix.dtype.kind == "i" and not constant.columns.size:
            break
        block = matrix[start : start + per_block]
        constant.update(block)
        if matrix.dtype.kind == "f" and not np.isfinite(block).all():
            row, column = (int(n) for n in np.argwhere(~np.isfinite(block))[0])
            raise RepalignError(
                f"{block[row, column]}",
                where=f"{path}, trial {start + row}, voxel {column} (from 0)",
                expected="finite values",
                remedy="Leave such voxels out, or write the matrix again.",
            )
    return int(constant.columns.size)
