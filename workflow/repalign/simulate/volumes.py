"""NIfTI files, written volume by volume, with the same bytes for the same content."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

_DATA_OFFSET = 352


def write_volumes(
    path: Path,
    shape: tuple[int, ...],
    affine: NDArray[np.float64],
    volumes: Iterable[NDArray[np.int16]],
    compression_level: int = 1,
) -> None:
    """Write int16 volumes to a gzipped NIfTI-1 file, one at a time.

    Parameters
    ----------
    path : Path
        File ending in ``.nii.gz``. Its folder is created.
    shape : tuple of int
        Shape of the whole image: (x, y, z) or (x, y, z, n_trials).
    affine : ndarray, shape (4, 4)
        Voxel indices to millimetres.
    volumes : iterable of ndarray, int16, shape (x * y * z,)
        Each volume in Fortran order: x runs fastest.
    compression_level : int
        Gzip level, 0 to 9.

    Raises
    ------
    ValueError
        If the number or the size of the volumes does not match `shape`.
    """
    header = nib.Nifti1Header()
    header.set_data_dtype(np.dtype("<i2"))
    header.set_data_shape(shape)
    header.set_sform(affine, code="scanner")
    header.set_qform(affine, code="scanner")
    header.set_xyzt_units("mm", "sec" if len(shape) > 3 else None)
    header["magic"] = b"n+1"
    header["vox_offset"] = _DATA_OFFSET
    # A slope of 0 is how NIfTI says that values are not scaled.
    header["scl_slope"], header["scl_inter"] = 0, 0
    path.parent.mkdir(parents=True, exist_ok=True)
    n_written = 0
    # No name and no time in the gzip header: the same content gives the same bytes.
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", compression_level, raw, mtime=0) as packed,
    ):
        packed.write(header.binaryblock + bytes(_DATA_OFFSET - 348))
        for volume in volumes:
            if volume.size != np.prod(shape[:3]):
                raise ValueError(f"{path.name}: volume of {volume.size} voxels, shape {shape}")
            packed.write(np.ascontiguousarray(volume, dtype="<i2").data)
            n_written += 1
    if n_written != int(np.prod(shape[3:])):
        raise ValueError(f"{path.name}: {n_written} volumes, shape {shape}")


def scatter(
    values: Iterable[NDArray[np.int16]], voxels: NDArray[np.int64], n_voxels: int
) -> Iterable[NDArray[np.int16]]:
    """Place the values of some voxels into whole volumes; the same buffer is used again.

    Parameters
    ----------
    values : iterable of ndarray, int16, shape (n_brain,)
        One array a volume.
    voxels : ndarray, int64, shape (n_brain,)
        Where the values belong, Fortran-order index.
    n_voxels : int
        Voxels of a volume.

    Yields
    ------
    ndarray, int16, shape (n_voxels,)
        0 elsewhere.
    """
    volume = np.zeros(n_voxels, dtype=np.int16)
    for value in values:
        volume[voxels] = value
        yield volume
