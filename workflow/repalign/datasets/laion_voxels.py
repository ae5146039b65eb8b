"""The voxels of the regions of a LAION-fMRI subject: masks that overlap, within the brain."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import h5py
import numpy as np
from numpy.typing import NDArray

from repalign.datasets.nifti import NiftiVolumes, read_label_volume, voxel_of
from repalign.datasets.nsd_atlas import RegionVoxels
from repalign.datasets.space import check_same_space
from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_file

log = logging.getLogger("repalign")

Map = NDArray[np.float64]
_ARRAYS = ("affine", "regions", "offsets", "index")


def brain_voxels(path: str | Path, rule: Literal["nonzero", "positive"]) -> RegionVoxels:
    """Find the voxels of the brain.

    Parameters
    ----------
    path : str or Path
        Map of the mean R² of a subject.
    rule : {"nonzero", "positive"}
        `nonzero`: all with a value that is neither 0 nor NaN, as the public client takes them.
        `positive`: all with a value above 0, as its documentation has it.

    Returns
    -------
    RegionVoxels
        One region, number 1.

    Raises
    ------
    RepalignError
        If the map cannot be read or has no such voxel.
    """
    values, shape, affine = read_map(path)
    inside = np.isfinite(values) & ((values > 0) if rule == "positive" else (values != 0))
    index = np.flatnonzero(inside)
    if not index.size:
        raise RepalignError(
            "no voxel of the brain",
            where=path,
            expected=f"a map with {rule} values",
            remedy="Fetch it again, or correct laion.files.brain.",
        )
    return RegionVoxels(shape, affine, np.array([1]), np.array([0, index.size]), index)


def laion_voxels(masks: Mapping[int, str | Path], brain: RegionVoxels) -> RegionVoxels:
    """Find the voxels of regions.

    Parameters
    ----------
    masks : mapping of int to path
        Mask of each region that the subject has, 1 in the region and 0 elsewhere.
    brain : RegionVoxels
        As `brain_voxels` returns it; voxels outside are left out.

    Returns
    -------
    RegionVoxels
        Regions may share voxels, which are then there more than once.

    Raises
    ------
    RepalignError
        If a mask cannot be read, holds other values, or is not on the grid of the brain.
    """
    inside = np.zeros(int(np.prod(brain.shape)), dtype=bool)
    inside[brain.index] = True
    parts = []
    for roi, path in sorted(masks.items()):
        labels, affine = read_label_volume(path)
        check_same_space(path, labels.shape, affine, "the brain", brain.shape, brain.affine)
        strange = (labels != 0) & (labels != 1)
        if strange.any():
            place = tuple(int(axis[0]) for axis in strange.nonzero())
            raise RepalignError(
                f"the value {labels[place]}",
                where=f"{path}, voxel {place}",
                expected="0 or 1: a mask of one region",
                remedy="Fetch the mask again.",
            )
        # In C order of the mask, as the public client orders voxels; positions in file order.
        found = np.ravel_multi_index(labels.nonzero(), labels.shape, order="F")
        kept = found[inside[found]]
        level = logging.INFO if kept.size else logging.WARNING
        log.log(level, "%s, region %d: %d of %d voxels in the brain", path, roi, kept.size,
                found.size)  # fmt: skip
        parts.append(kept)
    offsets = np.concatenate([[0], np.cumsum([part.size for part in parts])]).astype(np.int64)
    index = np.concatenate(parts) if parts else np.empty(0)
    return RegionVoxels(
        brain.shape,
        brain.affine,
        np.array(sorted(masks), dtype=np.int64),
        offsets,
        index.astype(np.int64),
    )


def read_ceilings(path: str | Path, brain: RegionVoxels) -> Map:
    """Read a map of noise ceilings.

    Parameters
    ----------
    path : str or Path
        The map, in per cent of the variance.
    brain : RegionVoxels
        As `brain_voxels` returns it.

    Returns
    -------
    ndarray of float64, shape (x * y * z,)
        In file order; NaN where the map has none.

    Raises
    ------
    RepalignError
        If the map is not on the grid of the brain, or its values in the brain are not from 0 to
        100, or none of them is above 1: these are fractions.
    """
    values, shape, affine = read_map(path)
    check_same_space(path, shape, affine, "the brain", brain.shape, brain.affine)
    own = values[brain.index]
    known = own[np.isfinite(own)]
    bad = (known < 0) | (known > 100)
    if bad.any():
        first = int(brain.index[np.isfinite(own)][int(np.argmax(bad))])
        raise _ceiling_error(f"{values[first]:g}", f"{path}, voxel {voxel_of(first, shape)}")
    highest = float(known.max(initial=0))
    if 0 < highest <= 1:
        raise _ceiling_error(f"no value above {highest:.3g}: fractions", path)
    return values


def above(voxels: RegionVoxels, ceilings: Map, least: float) -> RegionVoxels:
    """Keep the voxels whose noise ceiling is not below some value.

    Parameters
    ----------
    voxels : RegionVoxels
        As `laion_voxels` returns it.
    ceilings : ndarray of float64, shape (x * y * z,)
        As `read_ceilings` returns it.
    least : float
        In per cent. A voxel without a ceiling is left out.
    """
    keep = ceilings[voxels.index] >= least
    before = np.concatenate([[0], np.cumsum(keep)]).astype(np.int64)
    offsets = before[voxels.offsets]
    return RegionVoxels(voxels.shape, voxels.affine, voxels.regions, offsets, voxels.index[keep])


def with_empty_regions(voxels: RegionVoxels, regions: Sequence[int]) -> RegionVoxels:
    """Add the regions that a subject lacks, without voxels.

    Parameters
    ----------
    voxels : RegionVoxels
        Regions that the subject has, ascending.
    regions : sequence of int
        Regions of the dataset, ascending.

    Returns
    -------
    RegionVoxels
        All of `regions`; columns stay where they are.
    """
    wanted = np.asarray(regions, dtype=np.int64)
    sizes = np.zeros(wanted.size, dtype=np.int64)
    sizes[np.searchsorted(wanted, voxels.regions)] = np.diff(voxels.offsets)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return RegionVoxels(voxels.shape, voxels.affine, wanted, offsets, voxels.index)


def write_voxels(path: str | Path, voxels: RegionVoxels) -> None:
    """Write where the voxels of regions lie, as HDF5; the same voxels give the same bytes."""
    with atomic_file(path) as temporary, h5py.File(temporary, "w", track_order=False) as file:
        file.create_dataset("shape", data=np.array(voxels.shape, np.int64), track_times=False)
        for name in _ARRAYS:
            file.create_dataset(name, data=getattr(voxels, name), track_times=False)


def read_voxels(path: str | Path) -> RegionVoxels:
    """Read what `write_voxels` wrote."""
    try:
        with h5py.File(path, "r") as file:
            shape = tuple(int(n) for n in file["shape"][()])
            return RegionVoxels(shape, *(file[name][()] for name in _ARRAYS))
    except (OSError, KeyError) as error:
        raise RepalignError(
            f"a file that cannot be read ({error})",
            where=path,
            expected="the voxels of the regions of a subject",
            remedy="Delete it and run the workflow again.",
        ) from error


def read_map(path: str | Path) -> tuple[Map, tuple[int, ...], Map]:
    """Read a 3-D map of real numbers, NaN among them.

    Parameters
    ----------
    path : str or Path
        The image; scaling of stored whole numbers is undone.

    Returns
    -------
    values : ndarray of float64, shape (x * y * z,)
        In file order (x fastest).
    shape : tuple of int
        (x, y, z).
    affine : ndarray of float64, shape (4, 4)
        Voxel indices to millimetres.
    """
    with NiftiVolumes(path, ndim=3, check_finite=False) as image:
        (values,) = (volume.astype(np.float64) for volume in image)
        return values, image.shape, image.affine


def _ceiling_error(found: str, where: str | Path) -> RepalignError:
    return RepalignError(
        found,
        where=where,
        expected="noise ceilings in per cent, 0 to 100",
        remedy="Fetch the map again; one of fractions has to be multiplied by 100.",
    )
