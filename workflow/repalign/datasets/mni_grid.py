"""The grid of the curated set, and the grey matter on it.

Both are nilearn's: its bounding box for a 3 x 3 affine, its grey-matter probability map.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import nibabel as nib
import numpy as np
import numpy.typing as npt
from nilearn.datasets import load_mni152_gm_mask, load_mni152_gm_template
from nilearn.image import resample_img, resample_to_img

from repalign.datasets.nifti import read_label_volume
from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_file
from repalign.tables.nifti_writer import write_volumes

Interpolation = Literal["continuous", "linear", "nearest"]
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


def target_grid(source: Grid, resolution: float) -> Grid:
    """Return the grid that a 3 x 3 affine gives an image: its bounding box, as nilearn draws it.

    Parameters
    ----------
    source : Grid
        Voxels of the image.
    resolution : float
        Edge of a target voxel, millimetres.

    Returns
    -------
    Grid
        Axes along +x, +y, +z, whatever those of the source; origin at the lowest corner.

    Notes
    -----
    nilearn adds a voxel at the upper end of each axis. For NSD's MNI images (182 x 218 x 182 at
    1 mm) and 3 mm the grid is (62, 74, 62), with its origin at (-91, -126, -72).
    """
    empty = source.image(np.zeros(source.shape[:3], np.float32))
    box = resample_img(
        empty, np.eye(3) * resolution, interpolation="nearest", clip=False, copy_header=False
    )
    # Inverting an affine leaves rounding in the last bits: an origin of -90.99999999999999.
    return Grid(tuple(box.shape[:3]), np.round(box.affine, 9) + 0.0)


def grey_matter(grid: Grid, threshold: float, closing: int) -> Mask:
    """Return which voxels of a grid are grey matter.

    Parameters
    ----------
    grid : Grid
        In MNI152 space.
    threshold : float
        Probabilities above it count.
    closing : int
        Iterations of binary closing, at 1 mm; 0 leaves holes as they are.

    Returns
    -------
    ndarray of bool, shape (x, y, z)
        nilearn's 1 mm mask at the nearest voxel of each centre.

    Raises
    ------
    RepalignError
        If there is none on the grid.

    Notes
    -----
    Departure: nilearn's own template at 3 mm has another grid and is never used.
    """
    if closing:
        fine = load_mni152_gm_mask(threshold=threshold, n_iter=closing)
    else:
        template = load_mni152_gm_template()
        inside = np.asanyarray(template.dataobj) > threshold
        fine = nib.Nifti1Image(inside.astype(np.int8), template.affine)
    onto = grid.image(np.zeros(grid.shape, np.int8))
    nearest = resample_to_img(fine, onto, interpolation="nearest", copy_header=False)
    mask: Mask = np.asanyarray(nearest.dataobj) > 0
    if not mask.any():
        raise RepalignError(
            f"no grey matter on a grid of {grid.shape} voxels at "
            f"{np.round(grid.affine[:3], 3).tolist()}",
            where="nsd.files.betas_mni",
            expected="images in MNI152 space",
            remedy="Check the affine of the images, and curated_3mm.gm_threshold.",
        )
    return mask


def write_mask(path: str | Path, mask: Mask, affine: Float64) -> None:
    """Write a mask as NIfTI: 1 in it, 0 outside.

    Parameters
    ----------
    path : str or Path
        File ending in ``.nii.gz``.
    mask : ndarray of bool, shape (x, y, z)
        The mask.
    affine : ndarray, shape (4, 4), float64
        Voxel indices to millimetres.
    """
    values = mask.ravel(order="F").astype(np.uint8)
    with atomic_file(path) as temporary:
        write_volumes(temporary, mask.shape, affine, [values], dtype="|u1")


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
