"""NIfTI files, written volume by volume, with the same bytes for the same content."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

_DATA_OFFSET = 352


def write_volumes(
    path: Path,
    shape: tuple[int, ...],
    affine: NDArray[np.float64],
    volumes: Iterable[NDArray[Any]],
    compression_level: int = 1,
    dtype: str = "<i2",
    slope: float = 0.0,
) -> None:
    """Write volumes to a gzipped NIfTI-1 file, one at a time.

    Parameters
    ----------
    path : Path
        File ending in ``.nii.gz``. Its folder is created.
    shape : tuple of int
        Shape of the whole image: (x, y, z) or (x, y, z, n_trials).
    affine : ndarray, shape (4, 4)
        Voxel indices to millimetres.
    volumes : iterable of ndarray, shape (x * y * z,)
        Each volume in Fortran order: x runs fastest.
    compression_level : int
        Gzip level, 0 to 9.
    dtype : str
        Type of the values in the file.
    slope : float
        What the header says that the values are to be multiplied by; 0 for nothing.

    Raises
    ------
    ValueError
        If the number or the size of the volumes does not match `shape`.
    """
    header = nib.Nifti1Header()
    header.set_data_dtype(np.dtype(dtype))
    header.set_data_shape(shape)
    header.set_sform(affine, code="scanner")
    header.set_qform(affine, code="scanner")
    header.set_xyzt_units("mm", "sec" if len(shape) > 3 else None)
    header["magic"] = b"n+1"
    header["vox_offset"] = _DATA_OFFSET
    # A slope of 0 is how NIfTI says that values are not scaled.
    header["scl_slope"], header["scl_inter"] = slope, 0
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
            packed.write(np.ascontiguousarray(volume, dtype=dtype).data)
            n_written += 1
    if n_written != int(np.prod(shape[3:])):
        raise ValueError(f"{path.name}: {n_written} volumes, shape {shape}")


def scatter(
    values: Iterable[NDArray[Any]],
    voxels: NDArray[np.int64],
    n_voxels: int,
    background: NDArray[Any] | None = None,
) -> Iterable[NDArray[Any]]:
    """Place the values of some voxels into whole volumes; the same buffer is used again.

    Parameters
    ----------
    values : iterable of ndarray, shape (n_brain,)
        One array a volume.
    voxels : ndarray, int64, shape (n_brain,)
        Where the values belong, Fortran-order index.
    n_voxels : int
        Voxels of a volume.
    background : ndarray, shape (n_voxels,), optional
        What is elsewhere, in the type of the volumes. int16 zeros, if not given.

    Yields
    ------
    ndarray, shape (n_voxels,)
        One volume.
    """
    volume = np.zeros(n_voxels, dtype=np.int16) if background is None else background.copy()
    for value in values:
        volume[voxels] = value
        yield volume
