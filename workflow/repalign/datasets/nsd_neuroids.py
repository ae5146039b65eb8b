"""Which voxels of NSD's 1.8 mm volumes are neuroids, by region, and how good each can be."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from repalign.datasets.nifti import NiftiVolumes, read_label_volume
from repalign.datasets.space import check_same_space
from repalign.errors import RepalignError
from repalign.kernels.ceilings import noise_ceiling_from_ncsnr
from repalign.tables.neuroids import Neuroids

VENTRAL = "IT"
"""The region that volumes of their own define."""

Mask = npt.NDArray[np.bool_]

logger = logging.getLogger(__name__)


def parse_labels(texts: Sequence[str]) -> dict[str, list[int]]:
    """Take regions and their labels apart, such as V1=1,2."""
    pairs = (text.partition("=") for text in texts)
    return {name: [int(label) for label in labels.split(",")] for name, _, labels in pairs}


def find_neuroids(
    visual_areas: str | Path,
    labels: Mapping[str, Sequence[int]],
    ventral: Sequence[str | Path],
    ventral_labels: Sequence[int],
    ncsnr: str | Path,
    n_repetitions: int,
) -> Neuroids:
    """Find the voxels of all regions of a subject.

    Parameters
    ----------
    visual_areas : str or Path
        `prf-visualrois.nii.gz`.
    labels : mapping of str to sequence of int
        Labels in it of each region, in the order wanted.
    ventral : sequence of str or Path
        Label volumes that IT is a part of: `lh.streams.nii.gz` and `rh.streams.nii.gz`, or
        `HCP_MMP1.nii.gz`.
    ventral_labels : sequence of int
        Labels in these of IT.
    ncsnr : str or Path
        Signal-to-noise ratio of each voxel, as shipped.
    n_repetitions : int
        Trials in a mean, for the noise ceiling.

    Returns
    -------
    Neuroids
        Regions in the order of `labels`, IT last; within a region in the order of the HDF5
        betas: z slowest, x fastest. A voxel may be in two regions.

    Raises
    ------
    RepalignError
        If a volume is on another grid than the first one, a region has no voxel, or ncsnr is
        negative.

    Notes
    -----
    Where ncsnr is NaN (no signal could be estimated) the ceiling is 0, and the log counts them.
    """
    first, affine = read_label_volume(visual_areas)
    ratio = _read_ratio(ncsnr, Path(visual_areas), first.shape, affine)
    sides = [_read_side(path, Path(visual_areas), first.shape, affine) for path in ventral]
    masks = {name: np.isin(first, values) for name, values in labels.items()}
    masks[VENTRAL] = np.any([np.isin(side, ventral_labels) for side in sides], axis=0)
    places = {
        str(visual_areas): {name: tuple(values) for name, values in labels.items()},
        " and ".join(map(str, ventral)): {VENTRAL: tuple(ventral_labels)},
    }
    for path, own in places.items():
        for name, values in own.items():
            _refuse_empty(masks[name], path, name, values)
    _log_overlap(masks)
    # A mask of reversed axes has x fastest; its places are z, y, x.
    voxels = {name: np.argwhere(mask.T)[:, ::-1] for name, mask in masks.items()}
    edges = np.cumsum([0, *(len(found) for found in voxels.values())]).tolist()
    every = np.concatenate(list(voxels.values()))
    own_ratio = ratio[tuple(every.T)]
    undefined = np.isnan(own_ratio)
    if undefined.any():
        logger.warning(
            "%s: no ncsnr (NaN) in %d of %d voxels of regions; their noise ceiling is 0 now",
            ncsnr, np.count_nonzero(undefined), undefined.size,
        )  # fmt: skip
    ceiling = np.where(undefined, 0.0, noise_ceiling_from_ncsnr(own_ratio, n_repetitions))
    x, y, z = first.shape
    return Neuroids(
        (x, y, z),
        {name: slice(a, b) for name, a, b in zip(voxels, edges, edges[1:], strict=False)},
        every.astype(np.int64),
        own_ratio.astype(np.float32),
        ceiling,
    )


def _read_side(
    path: str | Path, other: Path, shape: tuple[int, ...], affine: npt.NDArray[np.float64]
) -> npt.NDArray[np.int32]:
    labels, own_affine = read_label_volume(path)
    check_same_space(path, labels.shape, own_affine, other, shape, affine)
    return labels


def _read_ratio(
    path: str | Path, other: Path, shape: tuple[int, ...], affine: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Read ncsnr, NaN included."""
    with NiftiVolumes(path, ndim=3, check_finite=False) as image:
        check_same_space(path, image.shape, image.affine, other, shape, affine)
        (values,) = (volume.astype(np.float64) for volume in image)
    if (values < 0).any():
        raise RepalignError(
            f"the value {np.nanmin(values):g}",
            where=path,
            expected="0 or more: a ratio of standard deviations",
            remedy="Use the ncsnr.nii.gz that NSD ships beside the betas.",
        )
    return np.asarray(values.reshape(shape, order="F"))


def _refuse_empty(mask: Mask, path: str, name: str, labels: Sequence[int]) -> None:
    if not mask.any():
        raise RepalignError(
            f"no voxel with label {' or '.join(map(str, labels))}",
            where=f"{path}, region {name}",
            expected="some voxels of the region",
            remedy="Correct the labels in `assemblies`, or the path in `nsd.files`.",
        )


def _log_overlap(masks: Mapping[str, Mask]) -> None:
    names = list(masks)
    for a, one in enumerate(names):
        logger.info("%s: %d voxels", one, np.count_nonzero(masks[one]))
        for other in names[a + 1 :]:
            both = int(np.count_nonzero(masks[one] & masks[other]))
            if both:
                logger.warning("%d voxels are in %s and in %s, and count in both", both, one,
                               other)  # fmt: skip
