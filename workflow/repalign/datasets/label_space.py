"""Labels on another grid: resampled by the header, and what was lost or turned on the way."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from repalign.datasets.nsd_atlas import N_AREAS
from repalign.errors import RepalignError

logger = logging.getLogger(__name__)

MIN_INSIDE = 0.5
"""Smallest share of an atlas's voxels that must lie in the brain."""


def resample_labels(
    labels: NDArray[np.integer],
    affine: NDArray[np.float64],
    shape: tuple[int, ...],
    target_affine: NDArray[np.float64],
) -> NDArray[np.uint16]:
    """Take labels over to another grid in the same space, by nearest neighbour.

    Parameters
    ----------
    labels : ndarray, shape (x, y, z), integer
        Labels from 0 to 65535.
    affine : ndarray, shape (4, 4), float64
        Their voxel indices to millimetres.
    shape : tuple of int
        Voxels of the target along x, y, z.
    target_affine : ndarray, shape (4, 4), float64
        Its voxel indices to millimetres.

    Returns
    -------
    ndarray, shape (*shape), uint16
        Each target voxel's nearest label, 0 beyond the image. Of two voxels equally near along
        an axis the one with the larger index counts, whatever the rounding of the affines.
    """
    step = np.linalg.inv(affine) @ target_affine
    x, y = np.meshgrid(np.arange(shape[0]), np.arange(shape[1]), indexing="ij")
    plane = np.stack([x.ravel(), y.ravel(), np.zeros(x.size), np.ones(x.size)])
    found = np.zeros(shape[:3], dtype=np.uint16)
    limits = np.array(labels.shape)[:, None]
    for z in range(shape[2]):
        plane[2] = z
        source = np.floor(np.round((step @ plane)[:3], 6) + 0.5).astype(np.int64)
        inside = ((source >= 0) & (source < limits)).all(axis=0)
        values = np.zeros(x.size, dtype=np.uint16)
        values[inside] = labels[tuple(source[:, inside])]
        found[:, :, z] = values.reshape(x.shape)
    return found


def check_hemispheres(
    labels: NDArray[np.integer], affine: NDArray[np.float64], where: str | Path
) -> None:
    """Refuse an atlas whose left hemisphere lies on the right.

    Parameters
    ----------
    labels : ndarray, shape (x, y, z), integer
        1-180 left, 181-360 right.
    affine : ndarray, shape (4, 4), float64
        Voxel indices to millimetres; x grows from left to right, as NIfTI has it.
    where : str or Path
        The image, for the message.

    Raises
    ------
    RepalignError
        If a hemisphere has no voxel, or their centres are the wrong way round.
    """
    centres = []
    for side in ((labels > 0) & (labels <= N_AREAS), labels > N_AREAS):
        place = np.argwhere(side)
        if not place.size:
            raise _lost("a hemisphere without a voxel", where)
        centres.append(float(affine[0, :3] @ place.mean(axis=0) + affine[0, 3]))
    left, right = centres
    logger.info("%s: centres of the hemispheres at x = %.1f and %.1f mm", where, left, right)
    if not left < right:
        raise RepalignError(
            f"left labels around x = {left:.1f} mm, right ones around {right:.1f} mm",
            where=where,
            expected="the left hemisphere (1-180) at smaller x: NIfTI's x grows to the right",
            remedy="Check the orientation in the headers of this image and of the T1.",
        )


def check_inside(
    labels: NDArray[np.integer], brain: NDArray[np.bool_], where: str | Path, brain_name: str
) -> float:
    """Refuse an atlas that lies mostly outside the brain.

    Parameters
    ----------
    labels : ndarray, shape (x, y, z), integer
        Labels, 0 for none.
    brain : ndarray, shape (n_voxels,), bool
        The brain on the same grid, x fastest.
    where : str or Path
        The atlas, for the message.
    brain_name : str
        What the brain is of, for the message.

    Returns
    -------
    float
        Share of the labelled voxels in the brain.

    Raises
    ------
    RepalignError
        If it is less than `MIN_INSIDE`.
    """
    labelled = labels.ravel(order="F") > 0
    share = float((labelled & brain).sum() / max(int(labelled.sum()), 1))
    logger.info("%s: %.1f %% of the labelled voxels lie in the %s", where, 100 * share, brain_name)
    if share < MIN_INSIDE:
        raise RepalignError(
            f"{100 * share:.1f} % of the labelled voxels in the {brain_name}",
            where=where,
            expected=f"at least {100 * MIN_INSIDE:.0f} %",
            remedy=(
                "Look at the images: the atlas is in another space than bold5000.registration "
                "says, or brain extraction or registration failed (change t1_fraction, "
                "bold_fraction or bold_dof)."
            ),
        )
    return share


def check_lost(
    before: NDArray[np.integer],
    after: NDArray[np.integer],
    where: str | Path,
    max_lost: float,
) -> list[int]:
    """Report the labels that an atlas lost, and refuse too many.

    Parameters
    ----------
    before, after : ndarray, shape (x, y, z), integer
        The atlas on both grids.
    where : str or Path
        The second one, for messages.
    max_lost : float
        Largest share of the labels that may be lost.

    Returns
    -------
    list of int
        Labels without a voxel.

    Raises
    ------
    RepalignError
        If more are lost, or if there are labels that the atlas did not have.
    """
    old, new = np.unique(before[before > 0]), np.unique(after[after > 0])
    invented = np.setdiff1d(new, old)
    if invented.size:
        raise RepalignError(
            f"labels that the atlas does not have: {invented[:10].tolist()}",
            where=where,
            expected="labels of the atlas alone",
            remedy="Labels were averaged: use an FSL whose applywarp knows --interp=nn.",
        )
    lost = [int(label) for label in np.setdiff1d(old, new)]
    if len(lost) > max_lost * old.size:
        raise _lost(f"{len(lost)} of {old.size} regions without a voxel: {lost[:20]}", where)
    if lost:
        logger.warning("%s: regions without a voxel: %s", where, lost)
    return lost


def _lost(found: str, where: str | Path) -> RepalignError:
    return RepalignError(
        found,
        where=where,
        expected="nearly all regions of the atlas (bold5000.registration.max_lost_regions)",
        remedy=(
            "Look at the images: registration failed, or the BOLD image covers a part of the "
            "brain. If that is so, raise bold5000.registration.max_lost_regions."
        ),
    )
