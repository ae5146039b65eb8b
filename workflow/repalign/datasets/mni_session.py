"""One session of MNI betas on the curated grid: grey matter alone, a few volumes at a time."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from nilearn.image import resample_img

from repalign.datasets.mask_files import Grid, nearest_voxels, read_mask
from repalign.datasets.mni_grid import Interpolation, grey_matter, target_grid
from repalign.datasets.nifti import NiftiVolumes
from repalign.datasets.response_folder import write_all, write_npy_header
from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_file

logger = logging.getLogger(__name__)

Order = Literal["resample_then_mask", "mask_then_resample"]
Float32 = npt.NDArray[np.float32]

BLOCK_BYTES = 64 * 2**20
"""Volumes are resampled in blocks of about this size, as float32."""
AFFINE_TOLERANCE = 1e-3
"""Millimetres by which grids of two sessions may differ."""
LOG_SECONDS = 30.0


@dataclass(frozen=True)
class Resampling:
    """How a session comes onto the curated grid.

    Attributes
    ----------
    resolution : float
        Edge of a voxel, millimetres.
    interpolation : {"continuous", "linear", "nearest"}
        As nilearn names them; ``"continuous"`` is a cubic spline.
    order : {"resample_then_mask", "mask_then_resample"}
        Whether voxels outside the grey matter are zeroed before resampling.
    threshold : float
        Of grey matter, for masking first.
    closing : int
        Of grey matter, for masking first.
    """

    resolution: float = 3.0
    interpolation: Interpolation = "continuous"
    order: Order = "resample_then_mask"
    threshold: float = 0.2
    closing: int = 2


def resample_session(
    betas_path: str | Path,
    mask_path: str | Path,
    output_npy: str | Path,
    valid_npy: str | Path,
    how: Resampling,
    *,
    n_trials: int,
    valid_map: str | Path | None = None,
    block_bytes: int = BLOCK_BYTES,
) -> None:
    """Resample a session and keep the voxels of the mask.

    Parameters
    ----------
    betas_path : str or Path
        The session's betas in MNI space, a volume a trial.
    mask_path : str or Path
        The grey-matter mask on the target grid, as `write_mask` writes it.
    output_npy : str or Path
        Matrix to write, shape (n_trials, n_voxels), float32, in the unit of the file. Columns
        are the voxels of the mask in C order, as nilearn's masking has them.
    valid_npy : str or Path
        Vector to write, shape (n_voxels,), bool: whether the source voxel at the centre has data
        in this session, that is, differs from 0 in some trial and is valid in `valid_map`.
    how : Resampling
        The choices.
    n_trials : int
        Volumes that the image must have.
    valid_map : str or Path, optional
        NSD's own volume of valid voxels of the session, on the grid of the betas.
    block_bytes : int
        Size of a block; the result does not depend on it.

    Raises
    ------
    RepalignError
        If the image has another number of volumes, gives another grid than that of the mask, is
        truncated or damaged, or holds values that are not finite; or if `valid_map` has another
        grid. No output is left.

    Notes
    -----
    Equal to `nilearn.image.resample_img` of the whole session in float32, bit by bit: volumes are
    independent, except that nilearn clips the result to the range of the whole input, which is
    done here at the end. The header of the input, which says int16, never reaches the result.
    """
    mask, grid = read_mask(mask_path)
    with NiftiVolumes(betas_path, n_volumes_expected=n_trials) as volumes:
        source = Grid(volumes.shape[:3], volumes.affine)
        _check_grid(betas_path, source, mask_path, grid, how.resolution)
        before = None
        if how.order == "mask_then_resample":
            before = grey_matter(source, how.threshold, how.closing)
        centres = nearest_voxels(mask, grid, source)
        responds = np.zeros(centres.size, bool)
        lowest = highest = 0.0
        with atomic_file(output_npy) as temporary:
            with temporary.open("wb", buffering=0) as file:
                write_npy_header(file, (n_trials, centres.size), np.dtype(np.float32))
                start = last = time.monotonic()
                done = 0
                for block in _blocks(volumes, block_bytes):
                    responds |= (_at(block, centres) != 0).any(axis=1)
                    if before is not None:
                        block *= before[..., None]
                    lowest = min(lowest, float(block.min()))
                    highest = max(highest, float(block.max()))
                    write_all(file, _resampled(block, source, grid, how)[mask].T)
                    done += block.shape[3]
                    if time.monotonic() - last > LOG_SECONDS or done == n_trials:
                        last = time.monotonic()
                        logger.info("%s: %d of %d volumes, %.0f s", betas_path, done, n_trials,
                                    last - start)  # fmt: skip
            _clip(temporary, lowest, highest, block_bytes)
            valid = responds & (centres >= 0) & _declared(valid_map, betas_path, source, centres)
            with atomic_file(valid_npy) as beside:
                np.save(beside, valid, allow_pickle=False)
    if not valid.all():
        logger.info("%s: no data in %d of %d grey-matter voxels", betas_path,
                    np.count_nonzero(~valid), valid.size)  # fmt: skip


def _check_grid(
    path: str | Path, source: Grid, mask_path: str | Path, grid: Grid, resolution: float
) -> None:
    """Refuse a session whose voxels are not those that the mask was made for."""
    own = target_grid(source, resolution)
    moved = np.abs(own.affine - grid.affine).max() if own.shape == grid.shape else np.inf
    if not moved <= AFFINE_TOLERANCE:
        raise RepalignError(
            f"{source.shape} voxels, affine {np.round(source.affine[:3], 4).tolist()}: "
            f"at {resolution:g} mm {own.shape} from {np.round(own.affine[:3, 3], 3).tolist()}",
            where=path,
            expected=(
                f"{grid.shape} from {np.round(grid.affine[:3, 3], 3).tolist()}, as {mask_path}, "
                "which the first session gave"
            ),
            remedy="All sessions of all subjects must have one grid; fetch the odd one again.",
        )


def _blocks(volumes: NiftiVolumes, n_bytes: int) -> Iterator[Float32]:
    """Yield volumes as float32, shape (x, y, z, n_volumes), each contiguous."""
    shape = volumes.shape[:3]
    per_block = max(1, n_bytes // (4 * int(np.prod(shape))))
    buffer = np.empty((min(per_block, volumes.n_volumes), int(np.prod(shape))), np.float32)
    held = 0
    for k, volume in enumerate(volumes, start=1):
        buffer[held] = volume
        held += 1
        if held == len(buffer) or k == volumes.n_volumes:
            # Transposed, volumes come last and x runs fastest, without a copy.
            yield buffer[:held].T.reshape(*shape, held, order="F")
            held = 0


def _at(block: Float32, centres: npt.NDArray[np.int64]) -> Float32:
    """Return the values at some positions of each volume, shape (n_positions, n_volumes)."""
    flat = block.reshape(-1, block.shape[3], order="F")
    return flat[np.maximum(centres, 0)]


def _resampled(block: Float32, source: Grid, grid: Grid, how: Resampling) -> Float32:
    """Return a block on the target grid, not clipped."""
    image = resample_img(
        source.image(block),
        grid.affine,
        grid.shape,
        interpolation=how.interpolation,
        copy=False,
        clip=False,
        copy_header=False,
    )
    return np.asarray(image.dataobj, dtype=np.float32)


def _clip(path: Path, lowest: float, highest: float, n_bytes: int) -> None:
    """Limit a matrix to the range of the whole session and 0, in its file."""
    matrix = np.load(path, mmap_mode="r+", allow_pickle=False)
    rows = max(1, n_bytes // (4 * matrix.shape[1]))
    for start in range(0, len(matrix), rows):
        part = matrix[start : start + rows]
        if part.min() < lowest or part.max() > highest:
            np.clip(part, np.float32(lowest), np.float32(highest), out=part)
    matrix.flush()


def _declared(
    valid_map: str | Path | None,
    betas_path: str | Path,
    source: Grid,
    centres: npt.NDArray[np.int64],
) -> npt.NDArray[np.bool_]:
    """Return which voxels NSD's own volume calls valid; all, if there is none."""
    if valid_map is None:
        return np.ones(centres.size, bool)
    labels, own = read_mask(valid_map)
    moved = np.abs(own.affine - source.affine).max() if own.shape == source.shape else np.inf
    if not moved <= AFFINE_TOLERANCE:
        raise RepalignError(
            f"{own.shape} voxels, affine {np.round(own.affine[:3], 4).tolist()}",
            where=valid_map,
            expected=f"{source.shape} voxels in the place of {betas_path}",
            remedy="Fetch the file of the same session and space.",
        )
    valid: npt.NDArray[np.bool_] = labels.ravel(order="F")[np.maximum(centres, 0)]
    return valid
