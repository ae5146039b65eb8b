"""The HCP-MMP1 atlas of an NSD subject: one image from two, and the voxels of its regions."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from repalign.datasets.nifti import read_label_volume, voxel_of
from repalign.datasets.space import check_same_space
from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_file

logger = logging.getLogger(__name__)

N_AREAS = 180
"""Areas a hemisphere; the right hemisphere's regions are numbered from 181."""


@dataclass(frozen=True)
class AtlasMerge:
    """What merging two hemispheres found.

    Attributes
    ----------
    n_left, n_right : int
        Voxels that the merged atlas gives to each hemisphere.
    n_overlap : int
        Voxels that both images label; they went to the left hemisphere.
    missing : tuple of int
        Regions (1-360) without a voxel.
    """

    n_left: int
    n_right: int
    n_overlap: int
    missing: tuple[int, ...]


@dataclass(frozen=True)
class RegionVoxels:
    """Where the voxels of a list of regions lie in a volume.

    Attributes
    ----------
    shape : tuple of int
        (x, y, z).
    affine : ndarray, shape (4, 4), float64
        Voxel indices to millimetres.
    regions : ndarray, shape (n_rois,), int64
        Region ids, in the order in which they were asked for.
    offsets : ndarray, shape (n_rois + 1,), int64
        Region r has the columns offsets[r] to offsets[r + 1].
    index : ndarray, shape (n_voxels,), int64
        Positions in the volume flattened in file order (Fortran: x fastest), region by region,
        and within a region in C order of the 3-D mask, which is the published voxel order.
    """

    shape: tuple[int, ...]
    affine: NDArray[np.float64]
    regions: NDArray[np.int64]
    offsets: NDArray[np.int64]
    index: NDArray[np.int64]


def merge_hemispheres(lh_path: str | Path, rh_path: str | Path, output: str | Path) -> AtlasMerge:
    """Merge the label images of two hemispheres into one with labels 0-360.

    A left label k > 0 stays k, a right label k > 0 becomes k + 180, and -1 (outside the cortex)
    and 0 become 0. A voxel that both label goes to the left hemisphere.

    Parameters
    ----------
    lh_path, rh_path : str or Path
        NSD's `lh.HCP_MMP1.nii.gz` and `rh.HCP_MMP1.nii.gz`.
    output : str or Path
        The merged image, uint16, `.nii.gz`; same inputs give the same bytes.

    Returns
    -------
    AtlasMerge
        Counts, which are also logged.

    Raises
    ------
    RepalignError
        If shapes or affines differ, a label is not in -1 to 180, or a hemisphere has no label.
    """
    left, affine = read_label_volume(lh_path)
    right, right_affine = read_label_volume(rh_path)
    check_same_space(rh_path, right.shape, right_affine, lh_path, left.shape, affine)
    _check_labels(left, Path(lh_path), right_hemisphere=False)
    _check_labels(right, Path(rh_path), right_hemisphere=True)
    merged = np.where(left > 0, left, np.where(right > 0, right + N_AREAS, 0)).astype(np.uint16)
    counts = np.bincount(merged.ravel(), minlength=2 * N_AREAS + 1)
    report = AtlasMerge(
        n_left=int(counts[1 : N_AREAS + 1].sum()),
        n_right=int(counts[N_AREAS + 1 :].sum()),
        n_overlap=int(((left > 0) & (right > 0)).sum()),
        missing=tuple(int(roi) for roi in np.flatnonzero(counts[1:] == 0) + 1),
    )
    _log(report, Path(output))
    write_label_volume(output, merged, affine)
    return report


def write_label_volume(
    output: str | Path, labels: NDArray[np.uint16], affine: NDArray[np.float64]
) -> None:
    """Write a label image; the same labels give the same bytes.

    Parameters
    ----------
    output : str or Path
        The image, `.nii.gz`.
    labels : ndarray, shape (x, y, z), uint16
        Region of each voxel, 0 for none.
    affine : ndarray, shape (4, 4), float64
        Voxel indices to millimetres.
    """
    # Without name and time in gzip's header, the same voxels give the same bytes.
    packed = gzip.compress(nib.Nifti1Image(labels, affine).to_bytes(), mtime=0)
    with atomic_file(output) as temporary:
        temporary.write_bytes(packed)


def region_voxels(atlas_path: str | Path, regions: Sequence[int]) -> RegionVoxels:
    """Find the voxels of regions in an atlas.

    Parameters
    ----------
    atlas_path : str or Path
        A 3-D label image, such as `merge_hemispheres` writes.
    regions : sequence of int
        Labels, without repeats. A label that the atlas lacks is an empty region.

    Returns
    -------
    RegionVoxels
        Their positions.
    """
    labels, affine = read_label_volume(atlas_path)
    wanted = np.asarray(regions, dtype=np.int64)
    if wanted.size != np.unique(wanted).size or (wanted < 1).any():
        msg = f"regions must be positive and different: {list(regions)}"
        raise ValueError(msg)
    # Rank of each label among the wanted ones; 0 for the rest. Labels below 0 are background.
    flat = np.maximum(labels, 0).ravel(order="C")
    rank = np.zeros(max(int(flat.max()), int(wanted.max(initial=0))) + 1, dtype=np.int32)
    rank[wanted] = np.arange(1, wanted.size + 1)
    ranks = rank[flat]
    found = np.flatnonzero(ranks)
    order = found[np.argsort(ranks[found], kind="stable")]
    index = np.ravel_multi_index(np.unravel_index(order, labels.shape), labels.shape, order="F")
    counts = np.bincount(ranks[found], minlength=wanted.size + 1)[1:]
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return RegionVoxels(labels.shape, affine, wanted, offsets, index.astype(np.int64))


def _check_labels(labels: NDArray[np.int32], path: Path, *, right_hemisphere: bool) -> None:
    flat = labels.ravel(order="F")
    wrong = (flat < -1) | (flat > N_AREAS)
    if wrong.any():
        first = int(np.argmax(wrong))
        remedy = "Use NSD's own HCP_MMP1 label image of this hemisphere."
        if right_hemisphere and flat[wrong].min() > N_AREAS and flat.max() <= 2 * N_AREAS:
            remedy = (
                "This image numbers the right hemisphere 181-360 already: subtract 180 from its "
                "labels above 180; the workflow adds 180 itself."
            )
        raise RepalignError(
            f"label {flat[first]} ({int(wrong.sum())} voxels with labels out of range)",
            where=f"{path}, voxel {voxel_of(first, labels.shape)}",
            expected=f"labels from -1 to {N_AREAS}",
            remedy=remedy,
        )
    if not (flat > 0).any():
        raise RepalignError(
            "no labelled voxel",
            where=path,
            expected=f"labels from 1 to {N_AREAS}",
            remedy="Use NSD's own HCP_MMP1 label image of this hemisphere.",
        )


def _log(report: AtlasMerge, output: Path) -> None:
    logger.info("%s: %d left, %d right voxels", output, report.n_left, report.n_right)
    if report.n_overlap:
        logger.warning("%s: %d voxels in both; given to the left", output, report.n_overlap)
    if report.missing:
        logger.warning("%s: regions without a voxel: %s", output, list(report.missing))
