"""The HCP-MMP1 atlas of a BOLD5000 subject: labels of either numbering, made 0-360."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from repalign.datasets.nifti import read_label_volume, voxel_of
from repalign.datasets.nsd_atlas import N_AREAS, write_label_volume
from repalign.errors import RepalignError

logger = logging.getLogger(__name__)

PUBLIC_FIRST_RIGHT = 201
"""In the public volumetric atlas the right hemisphere's labels are 201-380, so that the two
hemispheres differ by 200; here they differ by 180."""


@dataclass(frozen=True)
class AtlasReport:
    """What an atlas held.

    Attributes
    ----------
    numbering : str
        `0-360` as it is used here, or `201-380` for the right hemisphere, which was remapped.
    n_left, n_right : int
        Voxels of each hemisphere.
    missing : tuple of int
        Regions (1-360) without a voxel.
    """

    numbering: str
    n_left: int
    n_right: int
    missing: tuple[int, ...]


def relabel_atlas(path: str | Path, output: str | Path) -> AtlasReport:
    """Check an atlas in a subject's functional space and write it with labels 0-360.

    Parameters
    ----------
    path : str or Path
        A 3-D label image: 0 outside, 1-180 left, and right either 181-360 or 201-380.
    output : str or Path
        The image with right labels 181-360, uint16, `.nii.gz`; same input gives same bytes.

    Returns
    -------
    AtlasReport
        What was found, which is also logged.

    Raises
    ------
    RepalignError
        If the labels follow neither numbering, or a hemisphere has none. A resampled atlas may
        lack single regions, which is logged; one that lacks the labels that tell the numberings
        apart (181-200 and 361-380) is refused, too.
    """
    labels, affine = read_label_volume(path)
    remapped, numbering = renumber(labels, path)
    counts = np.bincount(remapped.ravel(), minlength=2 * N_AREAS + 1)
    report = AtlasReport(
        numbering,
        int(counts[1 : N_AREAS + 1].sum()),
        int(counts[N_AREAS + 1 :].sum()),
        tuple(int(roi) for roi in np.flatnonzero(counts[1:] == 0) + 1),
    )
    if not report.n_left or not report.n_right:
        raise _error(f"{report.n_left} left and {report.n_right} right voxels", path)
    logger.info("%s: %d left, %d right voxels", path, report.n_left, report.n_right)
    if numbering != "0-360":
        logger.warning("%s: right hemisphere numbered 201-380; remapped to 181-360", path)
    if report.missing:
        logger.warning("%s: regions without a voxel: %s", path, list(report.missing))
    write_label_volume(output, remapped, affine)
    return report


def renumber(labels: NDArray[np.int32], path: str | Path) -> tuple[NDArray[np.uint16], str]:
    """Recognise the numbering of an atlas.

    Parameters
    ----------
    labels : ndarray, shape (x, y, z), int32
        0 outside, 1-180 left, and right either 181-360 or 201-380.
    path : str or Path
        Where they are from, for the message.

    Returns
    -------
    labels : ndarray, shape (x, y, z), uint16
        With 181-360 right.
    numbering : str
        `0-360` or `201-380`.

    Raises
    ------
    RepalignError
        If they follow neither numbering, or lack the labels that tell the two apart.
    """
    flat = labels.ravel(order="F")
    largest = PUBLIC_FIRST_RIGHT + N_AREAS - 1
    wrong = (flat < 0) | (flat > largest)
    if wrong.any():
        first = int(np.argmax(wrong))
        place = f"{path}, voxel {voxel_of(first, labels.shape)}"
        raise _error(f"label {flat[first]} ({int(wrong.sum())} voxels out of range)", place)
    between = bool(((flat > N_AREAS) & (flat < PUBLIC_FIRST_RIGHT)).any())
    beyond = bool((flat > 2 * N_AREAS).any())
    if between == beyond:
        found = "both labels 181-200 and 361-380" if between else "none of 181-200 and 361-380"
        raise _error(found, path)
    if between:
        return labels.astype(np.uint16), "0-360"
    shift = PUBLIC_FIRST_RIGHT - N_AREAS - 1
    return np.where(labels > N_AREAS, labels - shift, labels).astype(np.uint16), "201-380"


def _error(found: str, where: str | Path) -> RepalignError:
    return RepalignError(
        found,
        where=where,
        expected=(
            "labels of HCP-MMP1: 0 outside, 1-180 left, and right 181-360 or, as in the public "
            "volumetric atlas, 201-380"
        ),
        remedy=(
            "Use the atlas resampled to the subject's functional space with nearest neighbour, "
            "with the labels of one of the two numberings."
        ),
    )
