"""The responses of a simulated NSD in MNI space, 1 mm, as NSD ships them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from repalign.simulate.atlas import parcels
from repalign.simulate.functional import SHARE
from repalign.simulate.read_back import Content
from repalign.simulate.responses import Cortex, SubjectResponses
from repalign.simulate.seeds import own_seed
from repalign.simulate.settings import UNITS_PER_PERCENT, NsdSimulation
from repalign.tables.nifti_writer import write_volumes

FOLDER = "1mm"
TRUTH = "mni_regions.nii.gz"
AREAS = ("V4", "LO2", "PH", "FFC")
"""Areas of the piece of cortex, from the back to the front, in equal slabs."""

N_INVALID = 4
"""Lowest slices that every other session does not cover."""

_SPACING = 2
_ORIGIN = (90.0, -126.0, -72.0)


def write_mni(
    root: Path, settings: NsdSimulation, content: Content, shown: Sequence[NDArray[np.int64]]
) -> None:
    """Write the 1 mm volumes of all subjects in MNI space, and which area each voxel is of.

    Parameters
    ----------
    root : Path
        Root of the dataset.
    settings : NsdSimulation
        Sizes and seed.
    content : Content
        Latent features of the images.
    shown : sequence of ndarray, int64, shape (n_sessions, n_trials)
        Image (from 0) of each trial of each subject.

    Notes
    -----
    Responses are drawn 2 mm apart and interpolated, so that neighbours are alike. Betas are int16,
    percent signal change times 300, 0 outside the brain: here one corner of the grid. Like NSD's,
    the grid runs from right to left. Every other session misses the lowest slices:
    ``valid_session`` is 0 there and betas are 0. ``truth/mni_regions.nii.gz`` has the HCP-MMP1
    region (1-180) of every voxel, -1 outside the brain.
    """
    shape = settings.mni.volume_shape
    affine = mni_affine(settings.mni.corner)
    brain = brain_mask(shape)
    inside = brain.ravel(order="F")
    slabs = np.where(brain, _slabs(shape, shape[1]), -1)
    write_volumes(root / "truth" / TRUTH, shape, affine, [slabs.ravel(order="F")])
    nodes = tuple(-(-(size - 1) // _SPACING) + 1 for size in shape)
    roi = _slabs(nodes, nodes[1]).ravel(order="F")
    cortex = Cortex(np.arange(roi.size), roi, np.zeros(roi.size, bool))
    between = _interpolation(shape, nodes)
    own = settings.model_copy(update={"seed": own_seed(settings.seed, "MNI")})
    share = np.array([SHARE * parcel.goal for parcel in parcels()])
    for subject, images in enumerate(shown):
        responses = SubjectResponses(own, subject, cortex, share, content.latents)
        home = root / FOLDER / f"subj{subject + 1:02d}"
        for session, trials in enumerate(images):
            valid = valid_voxels(shape, subject, session).ravel(order="F")
            drawn = responses.values(session, trials, UNITS_PER_PERCENT)
            number = f"session{session + 1:02d}.nii.gz"
            write_volumes(
                home / f"betas_{number}",
                (*shape, len(trials)),
                affine,
                (np.rint(between @ one) * (inside & valid) for one in _clipped(drawn)),
                settings.compression_level,
            )
            write_volumes(home / f"valid_{number}", shape, affine, [valid])


def mni_affine(corner: tuple[int, int, int]) -> NDArray[np.float64]:
    """Return the affine of a piece of the 1 mm grid: x runs to the left, y and z run up."""
    affine = np.diag([-1.0, 1.0, 1.0, 1.0])
    affine[:3, 3] = np.array(_ORIGIN) + affine.diagonal()[:3] * corner
    return affine


def brain_mask(shape: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Return where the brain is: all but the left, lower, back corner of the piece."""
    x, y, z = np.meshgrid(*((np.arange(n) + 0.5) / n for n in shape), indexing="ij", sparse=True)
    return np.asarray((1 - x) + y + z >= 0.8)


def valid_voxels(shape: tuple[int, int, int], subject: int, session: int) -> NDArray[np.bool_]:
    """Return which voxels a session (subject and session from 0) covers."""
    valid = np.ones(shape, bool)
    if (subject + session) % 2:
        valid[:, :, :N_INVALID] = False
    return valid


def _slabs(shape: tuple[int, ...], n_slices: int) -> NDArray[np.int16]:
    """Give every voxel the region of its slab along y; left hemisphere."""
    numbers = {parcel.name: parcel.roi for parcel in parcels() if parcel.hemisphere == "lh"}
    slab = np.arange(n_slices) * len(AREAS) // n_slices
    labels = np.array([numbers[name] for name in AREAS], np.int16)[slab]
    return np.ascontiguousarray(np.broadcast_to(labels[None, :, None], shape))


def _interpolation(shape: tuple[int, int, int], nodes: tuple[int, ...]) -> scipy.sparse.csr_array:
    """Make the matrix that interpolates linearly from nodes to voxels, both in file order."""
    along = []
    for size, n_nodes in zip(shape, nodes, strict=True):
        voxel = np.arange(size)
        before, share = voxel // _SPACING, (voxel % _SPACING) / _SPACING
        after = np.minimum(before + 1, n_nodes - 1)
        entries = (np.concatenate([1 - share, share]), (np.tile(voxel, 2), [*before, *after]))
        along.append(scipy.sparse.csr_array(entries, shape=(size, n_nodes)))
    x, y, z = along
    return scipy.sparse.csr_array(scipy.sparse.kron(z, scipy.sparse.kron(y, x)))


def _clipped(drawn: Iterator[NDArray[np.float64]]) -> Iterator[NDArray[np.float64]]:
    """Keep responses within the range of int16."""
    limits = np.iinfo(np.int16)
    for one in drawn:
        yield one.clip(limits.min, limits.max)
