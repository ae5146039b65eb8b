"""Small brains: which voxel belongs to which area of which hemisphere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repalign.errors import RepalignError
from repalign.simulate.atlas import FAMILIES, parcels
from repalign.simulate.seeds import stream
from repalign.simulate.settings import N_AREAS, BrainSettings

_UNLABELLED = 0.05
"""Cortex that belongs to no area, as a share of the labelled voxels."""


@dataclass(frozen=True)
class Anatomy:
    """The atlas volumes of one subject.

    Attributes
    ----------
    left, right : ndarray, int16, shape (n_x, n_y, n_z)
        Labels 1 to 180 in the cortex of one hemisphere, 0 in cortex without an area, -1
        elsewhere (the other hemisphere included).
    brain : ndarray, bool, shape (n_x, n_y, n_z)
        Where responses exist; outside they are 0.
    affine : ndarray, float64, shape (4, 4)
        Voxel indices to millimetres, x to the right, y to the front, z up.
    """

    left: NDArray[np.int16]
    right: NDArray[np.int16]
    brain: NDArray[np.bool_]
    affine: NDArray[np.float64]

    def rois(self) -> NDArray[np.int16]:
        """Merge the hemispheres: 1 to 180 left, 181 to 360 right, 0 elsewhere."""
        return np.where(
            self.left > 0, self.left, np.where(self.right > 0, self.right + N_AREAS, 0)
        ).astype(np.int16)


def subject_anatomy(settings: BrainSettings, subject: int) -> Anatomy:
    """Make the anatomy of one simulated subject.

    Parameters
    ----------
    settings : BrainSettings
        Volume shape, voxels per region and seed.
    subject : int
        0-based subject.

    Returns
    -------
    Anatomy
        A volume of the subject's own shape, with unequal areas.
    """
    rng = stream(settings.seed, "anatomy", subject)
    shape = subject_shape(settings.volume_shape, subject)
    smallest, largest = settings.voxels_per_region
    counts = rng.integers(smallest, largest, (2, N_AREAS), endpoint=True)
    # The total stays at its expectation, so that every draw fits into the volume.
    goal = N_AREAS * (smallest + largest) // 2
    for hemisphere in counts:
        while hemisphere.sum() > goal:
            shrinkable = np.flatnonzero(hemisphere > smallest)
            hemisphere[rng.choice(shrinkable)] -= 1
    return grow_anatomy(shape, counts)


def subject_shape(volume_shape: tuple[int, int, int], subject: int) -> tuple[int, int, int]:
    """Return the shape of the volumes of a subject (0-based), which differs from the first's."""
    growth = np.array([[0, 0, 0], [1, 2, 0], [0, 1, 1], [2, 0, 1]])[subject % 4]
    growth = growth + (subject // 4) * np.array([0, 0, 1])
    x, y, z = (int(size) for size in np.array(volume_shape) + growth)
    return x, y, z


def grow_anatomy(shape: tuple[int, int, int], counts: NDArray[np.int64]) -> Anatomy:
    """Cut the outer shell of an ellipsoid into areas of given voxel counts.

    Parameters
    ----------
    shape : tuple of int
        Voxels along x, y, z.
    counts : ndarray, shape (2, n_areas)
        Voxels of each area in the left and the right hemisphere.

    Returns
    -------
    Anatomy
        Areas are contiguous pieces of bands that run from the back (visual areas) to the front.

    Raises
    ------
    RepalignError
        If a hemisphere has fewer voxels than its areas need.
    """
    x, y, z = np.meshgrid(
        *((np.arange(n) - (n - 1) / 2) / (n / 2 - 1) for n in shape), indexing="ij", sparse=True
    )
    radius = x**2 + y**2 + z**2
    brain = np.asarray(radius <= 1)
    gap = 1.0 / shape[0]
    affine = np.eye(4)
    affine[:3, 3] = [-(n - 1) / 2 for n in shape]
    band_width = max(2.0, round(float(counts.mean()) ** (1 / 3)))
    areas = _area_order()
    volumes = []
    for side, hemisphere in ((-1, counts[0]), (1, counts[1])):
        inside = np.flatnonzero(brain & (side * x > gap))
        needed = int(hemisphere.sum() * (1 + _UNLABELLED))
        if needed > inside.size:
            raise RepalignError(
                f"{inside.size} voxels in a hemisphere",
                where=f"volume_shape {shape}",
                expected=f"at least {needed}, which the areas need",
                remedy="Choose a larger volume_shape or fewer voxels_per_region.",
            )
        outermost = np.argsort(-radius.ravel()[inside], kind="stable")[:needed]
        ribbon = inside[outermost]
        volume = np.full(shape, -1, dtype=np.int16)
        flat = volume.reshape(-1)
        flat[ribbon] = 0
        path = _back_to_front(ribbon, shape, band_width)
        flat[path[: int(hemisphere.sum())]] = np.repeat(areas + 1, hemisphere[areas])
        volumes.append(volume)
    return Anatomy(volumes[0], volumes[1], brain, affine)


def _back_to_front(
    ribbon: NDArray[np.int64], shape: tuple[int, int, int], band_width: float
) -> NDArray[np.int64]:
    """Order voxels along a serpentine through bands of equal y, by angle within a band."""
    i, j, k = np.unravel_index(ribbon, shape)
    band = (j // band_width).astype(np.int64)
    angle = np.arctan2(k - (shape[2] - 1) / 2, np.abs(i - (shape[0] - 1) / 2))
    angle = np.where(band % 2, -angle, angle)
    return np.asarray(ribbon[np.lexsort((ribbon, angle, band))])


def _area_order() -> NDArray[np.int64]:
    """List the 0-based areas from the back of the brain: families first, then the atlas order."""
    families = [*FAMILIES, "none"]
    left = parcels()[:N_AREAS]
    return np.array(sorted(range(N_AREAS), key=lambda a: (families.index(left[a].family), a)))
