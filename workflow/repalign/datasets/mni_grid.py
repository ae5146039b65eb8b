"""The grid of the curated set, and the grey matter on it.

Both are nilearn's: its bounding box for a 3 x 3 affine, its grey-matter probability map.
"""

from __future__ import annotations

from typing import Literal

import nibabel as nib
import numpy as np
from nilearn.datasets import load_mni152_gm_mask, load_mni152_gm_template
from nilearn.image import resample_img, resample_to_img
from nilearn.image.resampling import BoundingBoxError

from repalign.datasets.mask_files import Grid, Mask
from repalign.errors import RepalignError

Interpolation = Literal["continuous", "linear", "nearest"]


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
    try:
        nearest = resample_to_img(fine, onto, interpolation="nearest", copy_header=False)
        mask: Mask = np.asanyarray(nearest.dataobj) > 0
    except BoundingBoxError:  # all of the brain lies below the grid
        mask = np.zeros(grid.shape, bool)
    if not mask.any():
        raise RepalignError(
            f"no grey matter on a grid of {grid.shape} voxels at "
            f"{np.round(grid.affine[:3], 3).tolist()}",
            where="nsd.files.betas_mni",
            expected="images in MNI152 space",
            remedy="Check the affine of the images, and curated_3mm.gm_threshold.",
        )
    return mask
