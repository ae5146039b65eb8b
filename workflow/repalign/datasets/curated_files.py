"""The files of a subject in the curated decoding set: responses, labels, runs, trials."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.datasets.curation import fixed_width
from repalign.datasets.mask_files import read_mask, write_mask
from repalign.datasets.response_folder import open_npy, write_all, write_npy_header
from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_file
from repalign.tables.nifti_writer import scatter, write_volumes

logger = logging.getLogger(__name__)

UNITS_PER_PERCENT = 300
"""NSD stores percent signal change times 300."""
ROWS = 64
"""Rows that are moved at once."""
_AGAIN = "Delete it and run the workflow again."


def write_trials(
    kept: pd.DataFrame,
    width: int,
    *,
    labels: str | Path,
    runs: str | Path,
    images: str | Path,
    trials: str | Path,
) -> None:
    """Write what the rows of a subject's matrix are.

    Parameters
    ----------
    kept : DataFrame
        As `kept_of` returns it.
    width : int
        Characters of a label.
    labels, runs, images : str or Path
        ``.npy`` files to write, all of n_trials entries and readable without pickle: labels
        (``<U{width}``), runs in the experiment (int32), NSD image numbers (int32).
    trials : str or Path
        The same as a tab-separated table, with session, repetition and more.
    """
    arrays = {
        runs: kept["run"].to_numpy(np.int32),
        images: kept["nsd_id"].to_numpy(np.int32),
        labels: fixed_width(kept["label"].to_numpy(object), width),
    }
    for path, values in arrays.items():
        with atomic_file(path) as temporary:
            np.save(temporary, values, allow_pickle=False)
    with atomic_file(trials) as temporary:
        kept.to_csv(temporary, sep="\t", index=False, lineterminator="\n")


def write_responses(
    kept: pd.DataFrame,
    sessions: Sequence[str | Path],
    valid: Sequence[str | Path],
    mask_path: str | Path,
    *,
    output: str | Path,
    own_mask: str | Path,
    valid_sessions: str | Path,
    n_trials: int,
    scale: Literal["percent", "stored"],
    invalid: Literal["report", "drop"],
) -> None:
    """Put the kept trials of all sessions of a subject behind one another.

    Parameters
    ----------
    kept : DataFrame
        As `kept_of` returns it.
    sessions, valid : sequence of str or Path
        What `resample_session` wrote for sessions 1, 2, ...
    mask_path : str or Path
        The grey-matter mask.
    output : str or Path
        Matrix to write, shape (n_kept, n_columns), float32.
    own_mask : str or Path
        Image to write: the voxels that are columns, for this subject.
    valid_sessions : str or Path
        Image to write: for each grey-matter voxel in how many kept sessions it has data, int16.
    n_trials : int
        Trials in a session.
    scale : {"percent", "stored"}
        ``"percent"``: divided by 300, percent signal change.
    invalid : {"report", "drop"}
        Whether voxels without data in some kept session are columns all the same.

    Raises
    ------
    RepalignError
        If a session with kept trials is not there, or a matrix has other rows or columns than
        it must have. No output is left.

    Notes
    -----
    A few rows are in memory at once.
    """
    mask, grid = read_mask(mask_path)
    n_voxels = int(np.count_nonzero(mask))
    wanted = sorted(int(session) for session in kept["session"].unique())
    if wanted[-1] > len(sessions):
        raise RepalignError(
            f"kept trials in session {wanted[-1]}",
            where="trials.parquet",
            expected=f"sessions 1 to {len(sessions)}, which are resampled",
            remedy="Correct nsd.sessions or curated_3mm.max_trials.",
        )
    counts = np.zeros(n_voxels, np.int16)
    for session in wanted:
        counts += _load_valid(Path(valid[session - 1]), n_voxels)
    columns = np.flatnonzero(counts == len(wanted)) if invalid == "drop" else np.arange(n_voxels)
    if not columns.size:
        raise RepalignError(
            f"no voxel of {n_voxels} has data in all {len(wanted)} kept sessions",
            where=valid[0],
            expected="some, with curated_3mm.invalid_voxels: drop",
            remedy="Look at the files of valid voxels, or set invalid_voxels to report.",
        )
    _log_invalid(counts, len(wanted), invalid)
    with atomic_file(output) as temporary, temporary.open("wb", buffering=0) as file:
        write_npy_header(file, (len(kept), columns.size), np.dtype(np.float32))
        for session in wanted:
            path = Path(sessions[session - 1])
            matrix = open_npy(path, _AGAIN)
            _check_matrix(path, matrix, n_trials, n_voxels)
            rows = kept.loc[kept["session"] == session, "trial_in_session"].to_numpy(np.int64)
            for start in range(0, rows.size, ROWS):
                block = matrix[rows[start : start + ROWS]]
                block = block if columns.size == n_voxels else block[:, columns]
                if scale == "percent":
                    block = block / np.float32(UNITS_PER_PERCENT)
                write_all(file, block)
    own = np.zeros_like(mask)
    own[tuple(np.argwhere(mask)[columns].T)] = True
    write_mask(own_mask, own, grid.affine)
    volume = np.zeros(mask.shape, np.int16)
    volume[mask] = counts
    with atomic_file(valid_sessions) as temporary:
        write_volumes(temporary, mask.shape, grid.affine, [volume.ravel(order="F")])


def _load_valid(path: Path, n_voxels: int) -> npt.NDArray[np.bool_]:
    """Read which voxels have data in a session."""
    try:
        valid: npt.NDArray[Any] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise RepalignError(
            f"a file that cannot be read ({error})",
            where=path,
            expected=f"{n_voxels} flags",
            remedy=_AGAIN,
        ) from error
    if valid.shape != (n_voxels,) or valid.dtype != np.bool_:
        raise RepalignError(
            f"shape {valid.shape} of {valid.dtype}",
            where=path,
            expected=f"{n_voxels} flags, one a voxel of the mask",
            remedy=_AGAIN,
        )
    return valid


def _log_invalid(counts: npt.NDArray[np.int16], n_sessions: int, invalid: str) -> None:
    n_bad = int(np.count_nonzero(counts < n_sessions))
    if n_bad:
        logger.warning(
            "%d of %d voxels have no data in some of %d kept sessions; they are %s", n_bad,
            counts.size, n_sessions, "left out" if invalid == "drop" else "columns all the same",
        )  # fmt: skip


def write_four_d(matrix_path: str | Path, mask_path: str | Path, output: str | Path) -> None:
    """Write a subject's matrix as a 4-D image, float32, 0 outside its mask.

    Parameters
    ----------
    matrix_path : str or Path
        The matrix, trials x voxels.
    mask_path : str or Path
        The subject's own mask.
    output : str or Path
        File ending in ``.nii.gz``.

    Raises
    ------
    RepalignError
        If the matrix has not a column for every voxel of the mask.
    """
    mask, grid = read_mask(mask_path)
    matrix = open_npy(Path(matrix_path), _AGAIN)
    _check_matrix(matrix_path, matrix, len(matrix), int(np.count_nonzero(mask)))
    voxels: npt.NDArray[np.int64] = np.arange(mask.size).reshape(mask.shape, order="F")[mask]
    empty = np.zeros(mask.size, np.float32)
    with atomic_file(output) as temporary:
        write_volumes(
            temporary,
            (*mask.shape, len(matrix)),
            grid.affine,
            scatter(matrix, voxels, mask.size, empty),
            dtype="<f4",
        )


def _check_matrix(
    path: str | Path, matrix: npt.NDArray[Any], n_trials: int, n_voxels: int
) -> None:
    """Refuse a matrix that has not the rows and columns it must have."""
    if matrix.shape != (n_trials, n_voxels) or matrix.dtype != np.float32:
        raise RepalignError(
            f"shape {matrix.shape} of {matrix.dtype}",
            where=path,
            expected=f"shape {(n_trials, n_voxels)} of float32",
            remedy="Delete it and run the workflow again.",
        )
