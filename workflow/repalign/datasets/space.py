"""Whether two images share their voxels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from repalign.errors import RepalignError

AFFINE_TOLERANCE = 0.05
"""Millimetres by which two affines may displace a corner of the volume."""


def check_same_space(
    path: str | Path,
    shape: tuple[int, ...],
    affine: NDArray[np.float64],
    other_path: str | Path,
    other_shape: tuple[int, ...],
    other_affine: NDArray[np.float64],
    tolerance: float = AFFINE_TOLERANCE,
) -> None:
    """Refuse an image whose voxels are not those of another one.

    The affines may differ by rounding: what counts is how far they displace the corners of the
    volume, in millimetres.

    Parameters
    ----------
    path, other_path : str or Path
        The two files, for the message.
    shape, other_shape : tuple of int
        Voxels along x, y, z.
    affine, other_affine : ndarray, shape (4, 4), float64
        Voxel indices to millimetres.
    tolerance : float
        Largest displacement of a corner, millimetres.

    Raises
    ------
    RepalignError
        If shapes differ, or a corner is displaced by more than `tolerance`.
    """
    if shape[:3] != other_shape[:3]:
        raise RepalignError(
            f"shape {shape[:3]}",
            where=path,
            expected=f"shape {other_shape[:3]}, as {other_path}",
            remedy="Use images of the same subject and the same resolution (func1mm).",
        )
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in shape[:3]])).reshape(3, -1)
    homogeneous = np.vstack([corners, np.ones(corners.shape[1])])
    moved = np.linalg.norm(((affine - other_affine) @ homogeneous)[:3], axis=0).max()
    if not moved <= tolerance:
        raise RepalignError(
            f"affine {np.round(affine[:3], 4).tolist()}",
            where=path,
            expected=(
                f"affine {np.round(other_affine[:3], 4).tolist()}, as {other_path} "
                f"(a corner is displaced by {moved:.3g} mm; {tolerance} mm is allowed)"
            ),
            remedy="Use images of the same subject and the same space, or resample one of them.",
        )
