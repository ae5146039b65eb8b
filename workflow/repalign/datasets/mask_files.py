"""Grids of voxels, and masks on them as files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt

from repalign.datasets.nifti import read_label_volume
from repalign.tables.atomic import atomic_file
from repalign.tables.nifti_writer import write_volumes

Mask = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Grid:
    """Voxels in space.

    Attributes
    ----------
    shape : tuple of int
        Voxels along x, y, z.
    affine : ndarray, shape (4, 4), float64
        Voxel indices to millimetres.
    """

    shape: tuple[int, ...]
    affine: Float64

    def image(self, values: npt.NDArray[Any]) -> nib.Nifti1Image:
        """Return values on the grid as an image whose header is made for them.

        Parameters
        ----------
        values : ndarray, shape (x, y, z) or (x, y, z, n_volumes)
            The values; their type is that of the header.
        """
        return nib.Nifti1Image(values, self.affine)


def write_mask(path: str | Path, mask: Mask, affine: Float64) -> None:
    """Write a mask as NIfTI: 1 in it, 0 outside, as float32.

    nilearn gives an unmasked image the type of its mask. With a mask of bytes, `unmask(...)`
    followed by saving rounds responses to 256 steps.

    Parameters
    ----------
    path : str or Path
        File ending in ``.nii.gz``.
    mask : ndarray of bool, shape (x, y, z)
        The mask.
    affine : ndarray, shape (4, 4), float64
        Voxel indices to millimetres.
    """
    values = mask.ravel(order="F").astype(np.float32)
    with atomic_file(path) as temporary:
        write_volumes(temporary, mask.shape, affine, [values], dtype="<f4")


def read_mask(path: str | Path) -> tuple[Mask, Grid]:
    """Read a mask and its grid.

    Parameters
    ----------
    path : str or Path
        What `write_mask` wrote.

    Returns
    -------
    mask : ndarray of bool, shape (x, y, z)
        The mask.
    grid : Grid
        Its voxels.
    """
    labels, affine = read_label_volume(path)
    return labels > 0, Grid(labels.shape, affine)


def nearest_voxels(mask: Mask, grid: Grid, source: Grid) -> npt.NDArray[np.int64]:
    """Return the source voxel at the centre of each voxel of a mask.

    Parameters
    ----------
    mask : ndarray of bool, shape (x, y, z)
        On the target grid.
    grid, source : Grid
        Target and source.

    Returns
    -------
    ndarray of int64, shape (n_voxels,)
        Positions in a source volume in Fortran order, in the order of the mask's columns; -1
        where the centre lies outside.
    """
    centres = np.c_[np.argwhere(mask), np.ones(np.count_nonzero(mask))]
    to_source = np.linalg.solve(source.affine, grid.affine)
    index = np.rint(centres @ to_source[:3].T).astype(np.int64)
    inside = ((index >= 0) & (index < source.shape[:3])).all(axis=1)
    flat = np.ravel_multi_index(tuple(index.T), source.shape[:3], mode="clip", order="F")
    return np.where(inside, flat, -1)
