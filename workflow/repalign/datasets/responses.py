"""From raw sessions to one matrix a region, with memory for a few rows only."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from repalign.datasets.nifti import NiftiVolumes, voxel_of
from repalign.datasets.nsd_atlas import RegionVoxels, region_voxels
from repalign.datasets.response_folder import (
    ConstantColumns,
    open_npy,
    open_region,
    quality_table,
    read_trials,
    region_file,
    write_all,
    write_npy_header,
    write_quality_table,
)
from repalign.datasets.space import AFFINE_TOLERANCE, check_same_space
from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_file, atomic_folder

__all__ = ["extract_session", "gather_responses", "open_region", "read_trials"]

logger = logging.getLogger(__name__)

NonFinite = Literal["refuse", "refuse_chosen", "zero"]

BLOCK_BYTES = 32 * 2**20
"""Rows are moved in blocks of about this size."""

LOG_SECONDS = 5.0


def extract_session(
    betas_path: str | Path,
    atlas_path: str | Path,
    regions: Sequence[int],
    output_npy: str | Path,
    n_trials: int,
    affine_tolerance: float = AFFINE_TOLERANCE,
    non_finite: NonFinite = "refuse",
) -> None:
    """Take the labelled voxels of one session out of its 4-D image; see `extract_voxels`.

    Parameters
    ----------
    betas_path : str or Path
        The session's betas, a volume a trial.
    atlas_path : str or Path
        The subject's merged atlas.
    regions : sequence of int
        Regions to take.
    output_npy, n_trials, affine_tolerance, non_finite
        As of `extract_voxels`.
    """
    extract_voxels(
        betas_path,
        region_voxels(atlas_path, regions),
        atlas_path,
        output_npy,
        n_trials,
        affine_tolerance,
        non_finite,
    )


def extract_voxels(
    betas_path: str | Path,
    voxels: RegionVoxels,
    voxels_from: str | Path,
    output_npy: str | Path,
    n_trials: int,
    affine_tolerance: float = AFFINE_TOLERANCE,
    non_finite: NonFinite = "refuse",
) -> None:
    """Take some voxels of one session out of its 4-D image.

    Parameters
    ----------
    betas_path : str or Path
        The session's betas, a volume a trial.
    voxels : RegionVoxels
        Where they lie; a voxel may be there more than once.
    voxels_from : str or Path
        What they were found in, for messages.
    output_npy : str or Path
        Matrix to write, shape (n_trials, n_voxels), in the raw dtype (int16 for NSD); columns
        as `region_voxels` orders them.
    n_trials : int
        Volumes that the image must have.
    affine_tolerance : float
        Millimetres by which the affines may displace a corner of the volume.
    non_finite : {"refuse", "refuse_chosen", "zero"}
        What to do with NaN and infinity: refuse the image, refuse it if the chosen voxels have
        them, or write 0 in their place and log how many voxels have them.

    Raises
    ------
    RepalignError
        If the image is not in the atlas's space, has another number of volumes, is truncated or
        damaged, or holds values that are not finite and are refused. No output is left.

    Notes
    -----
    One volume and one row are in memory; the time is that of decompression.
    """
    refuse = non_finite == "refuse"
    with NiftiVolumes(betas_path, n_volumes_expected=n_trials, check_finite=refuse) as volumes:
        check_same_space(
            betas_path,
            volumes.shape,
            volumes.affine,
            voxels_from,
            voxels.shape,
            voxels.affine,
            affine_tolerance,
        )
        row = np.empty(voxels.index.size, dtype=volumes.dtype)
        replaced = np.zeros(row.size if row.dtype.kind == "f" and not refuse else 0, np.int64)
        with atomic_file(output_npy) as temporary, temporary.open("wb") as file:
            write_npy_header(file, (n_trials, row.size), row.dtype)
            start = last = time.monotonic()
            for k, volume in enumerate(volumes, start=1):
                # With mode="raise" NumPy would write through a buffer; the index is checked.
                np.take(volume, voxels.index, out=row, mode="clip")
                if replaced.size:
                    bad = ~np.isfinite(row)
                    if non_finite == "refuse_chosen" and bad.any():
                        raise _not_finite(betas_path, k, voxels, bad)
                    replaced += bad
                    row[bad] = 0
                file.write(row.data)
                if time.monotonic() - last > LOG_SECONDS or k == n_trials:
                    last = time.monotonic()
                    logger.info("%s: %d of %d volumes, %.0f s", betas_path, k, n_trials,
                                last - start)  # fmt: skip
    if replaced.any():
        logger.warning(
            "%s: values that are not finite in %d labelled voxels (%d of them in every volume); "
            "they are 0 now", betas_path, np.count_nonzero(replaced),
            np.count_nonzero(replaced == n_trials),
        )  # fmt: skip


def gather_responses(
    session_npys: Sequence[str | Path],
    voxels: RegionVoxels,
    output_folder: str | Path,
    regions: Sequence[int] | None = None,
    *,
    standardise: bool = False,
) -> None:
    """Put the sessions of a subject behind one another, in a matrix a region.

    Parameters
    ----------
    session_npys : sequence of str or Path
        What `extract_session` wrote, in the order of the sessions.
    voxels : RegionVoxels
        The regions in the sessions' matrices, and their columns.
    output_folder : str or Path
        Folder to make: `roi-001.npy` ... of shape (n_trials, n_voxels), and `regions.tsv`.
    regions : sequence of int, optional
        Which of the regions to write. All, if not given.
    standardise : bool
        Whether each voxel is brought to mean 0 and (population) standard deviation 1 within each
        session, in float32; one that is constant in a session is 0 there.

    Raises
    ------
    RepalignError
        If a session's matrix cannot be read, or has other columns or another dtype than the
        first one's. No output is left.
    """
    sessions = [open_npy(Path(path), "Extract the session again.") for path in session_npys]
    _check_alike(session_npys, sessions, int(voxels.offsets[-1]))
    spans = _spans(voxels, regions)
    constant = {roi: ConstantColumns(stop - start) for roi, (start, stop) in spans.items()}
    with atomic_folder(output_folder) as temporary:
        with ExitStack() as stack:
            files = {
                roi: stack.enter_context((temporary / region_file(roi)).open("wb", buffering=0))
                for roi in spans
            }
            n_trials = sum(matrix.shape[0] for matrix in sessions)
            dtype = np.dtype(np.float32) if standardise else sessions[0].dtype
            for roi, (start, stop) in spans.items():
                write_npy_header(files[roi], (n_trials, stop - start), dtype)
            for path, session in zip(session_npys, sessions, strict=True):
                logger.info("%s: %d trials", path, session.shape[0])
                for block in _blocks(Path(path), session, standardise=standardise):
                    for roi, (start, stop) in spans.items():
                        part = np.ascontiguousarray(block[:, start:stop])
                        constant[roi].update(part)
                        write_all(files[roi], part)
        n_voxels = [stop - start for start, stop in spans.values()]
        n_dead = [constant[roi].columns.size for roi in spans]
        write_quality_table(temporary, quality_table(list(spans), n_voxels, n_dead))


def _spans(voxels: RegionVoxels, regions: Sequence[int] | None) -> dict[int, tuple[int, int]]:
    """Return the first and last column of each wanted region, in the order wanted."""
    bounds = zip(voxels.offsets[:-1].tolist(), voxels.offsets[1:].tolist(), strict=True)
    spans = dict(zip(voxels.regions.tolist(), bounds, strict=True))
    return spans if regions is None else {int(roi): spans[int(roi)] for roi in regions}


def _blocks(path: Path, matrix: NDArray[Any], *, standardise: bool) -> Iterator[NDArray[Any]]:
    """Read a session block by block, standardised if wanted, which takes three passes."""
    if not standardise:
        yield from _row_blocks(path, matrix)
        return
    total = np.zeros(matrix.shape[1])
    for block in _row_blocks(path, matrix):
        total += block.sum(axis=0, dtype=np.float64)
    mean = total / max(1, matrix.shape[0])
    squares = np.zeros_like(mean)
    least, most = np.full((2, mean.size), np.inf) * [[1], [-1]]
    for block in _row_blocks(path, matrix):
        squares += np.square(block - mean).sum(axis=0)
        least, most = np.minimum(least, block.min(axis=0)), np.maximum(most, block.max(axis=0))
    # A constant voxel is exactly 0, whatever rounding left of its deviations.
    deviation = np.where(least < most, np.sqrt(squares / max(1, matrix.shape[0])), np.inf)
    for block in _row_blocks(path, matrix):
        yield ((block - mean) / deviation).astype(np.float32)


def _row_blocks(path: Path, matrix: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Read a C-order matrix from its file, a block of rows at a time, into one buffer."""
    n_rows, n_columns = matrix.shape
    per_block = max(1, BLOCK_BYTES // max(1, n_columns * matrix.itemsize))
    buffer = np.empty((min(per_block, n_rows), n_columns), dtype=matrix.dtype)
    with path.open("rb") as file:
        file.seek(matrix.offset)  # type: ignore[attr-defined]
        for start in range(0, n_rows, per_block):
            block = buffer[: min(per_block, n_rows - start)]
            if block.size:
                file.readinto(block.data.cast("B"))
            yield block


def _not_finite(
    path: str | Path, volume: int, voxels: RegionVoxels, bad: NDArray[np.bool_]
) -> RepalignError:
    """Return the error for a volume with NaN or infinity in the chosen voxels."""
    place = voxel_of(int(voxels.index[int(np.argmax(bad))]), voxels.shape)
    return RepalignError(
        f"NaN or infinity ({int(bad.sum())} times in this volume)",
        where=f"{path}, volume {volume}, voxel {place}",
        expected="finite values in all voxels of the regions",
        remedy="Fetch the file again, or leave the region out.",
    )


def _check_alike(
    paths: Sequence[str | Path], sessions: Sequence[NDArray[Any]], n_columns: int
) -> None:
    if not sessions:
        raise RepalignError(
            "no session",
            where="nsd.sessions",
            expected="at least one session a subject",
            remedy="Correct nsd.sessions in the settings.",
        )
    for path, matrix in zip(paths, sessions, strict=True):
        if matrix.shape[1] != n_columns or matrix.dtype != sessions[0].dtype:
            raise RepalignError(
                f"{matrix.shape[1]} columns of {matrix.dtype}",
                where=path,
                expected=f"{n_columns} columns (the atlas's voxels) of {sessions[0].dtype}",
                remedy="Extract all sessions of the subject again, with the same atlas.",
            )
