"""The responses of a simulated NSD in volumes of 1.8 mm: HDF5 betas, regions, noise ceilings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from repalign.simulate.anatomy import Anatomy, grow_anatomy, subject_shape
from repalign.simulate.atlas import parcels
from repalign.simulate.noise_ceiling import ceiling_percent, estimate_ncsnr
from repalign.simulate.read_back import Content
from repalign.simulate.responses import Cortex, SubjectResponses, make_cortex
from repalign.simulate.seeds import own_seed, stream
from repalign.simulate.settings import N_AREAS, NsdSimulation
from repalign.simulate.visual_maps import both_hemispheres, streams, visual_areas
from repalign.tables.atomic import atomic_file
from repalign.tables.nifti_writer import write_volumes

SPACE = "func1pt8mm"
BETAS = f"{SPACE}/betas_fithrf_GLMdenoise_RR"
TRUTH = "func1pt8mm.tsv"
SHARE = 0.7
"""Share of variance of the signal, relative to the similarity planted in a hemisphere."""

_MM = 1.8
_RELATIVE = {"V1": 1.0, "V2": 1.0, "V3": 0.8, "V4": 0.6}
_COLUMNS = (
    "subject", "i", "j", "k", "hemisphere", "area", "family", "visual_area", "stream", "dead",
    "noise_ceiling",
)  # fmt: skip


def write_functional(
    root: Path, settings: NsdSimulation, content: Content, shown: Sequence[NDArray[np.int64]]
) -> None:
    """Write the 1.8 mm volumes of all subjects, and what is true of their voxels.

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
    A subject has a grid of its own. Betas are ``betas`` of a HDF5 file a session: trials x z x y
    x x as h5py shows it, int16, percent signal change times 300, a chunk a voxel, uncompressed,
    as in NSD. Signals are those of the areas of the 1 mm volumes, by other voxels and with other
    noise. ``truth/func1pt8mm.tsv`` lists all voxels of areas with their true noise ceilings.
    """
    lines = ["\t".join(_COLUMNS)]
    share = np.array([SHARE * parcel.goal for parcel in parcels()])
    own = settings.model_copy(update={"seed": own_seed(settings.seed, SPACE)})
    for subject, images in enumerate(shown):
        home = root / f"subj{subject + 1:02d}"
        anatomy = functional_anatomy(settings, subject)
        cortex = make_cortex(own, subject, anatomy)
        responses = SubjectResponses(own, subject, cortex, share, content.latents)
        maps = {
            "prf-visualrois": visual_areas(anatomy),
            "lh.streams": streams(anatomy.left),
            "rh.streams": streams(anatomy.right),
            "lh.HCP_MMP1": anatomy.left,
            "rh.HCP_MMP1": anatomy.right,
            "HCP_MMP1": both_hemispheres(anatomy),
        }
        for name, labels in maps.items():
            path = home / SPACE / "roi" / f"{name}.nii.gz"
            write_volumes(path, labels.shape, anatomy.affine, [labels.ravel(order="F")])
        betas = [np.stack([*responses.session(k, own)]) for k, own in enumerate(images)]
        for session, values in enumerate(betas, start=1):
            path = home / BETAS / f"betas_session{session:02d}.hdf5"
            write_betas(path, values, cortex.voxels, anatomy.brain.shape)
        ncsnr = np.full(anatomy.brain.size, np.nan)
        ncsnr[cortex.voxels] = estimate_ncsnr([one.astype(float) for one in betas], images.ravel())
        path = home / BETAS / "ncsnr.nii.gz"
        write_volumes(path, anatomy.brain.shape, anatomy.affine, [ncsnr], dtype="<f4")
        ceilings = _true_ceilings(responses, images)
        lines += _rows(subject, anatomy, cortex, maps, ceilings)
    with atomic_file(root / "truth" / TRUTH) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def functional_anatomy(settings: NsdSimulation, subject: int) -> Anatomy:
    """Make the 1.8 mm anatomy of a subject (0-based): areas in proportion, up to 20 % smaller."""
    first, other, empty = settings.func1pt8mm.voxels
    rng = stream(settings.seed, f"anatomy {SPACE}", subject)
    counts = np.array(
        [
            empty
            if parcel.family == "none"
            else rng.uniform(0.8, 1) * max(first * _RELATIVE.get(parcel.name, 0), other)
            for parcel in parcels()
        ]
    )
    shape = subject_shape(settings.func1pt8mm.volume_shape, subject)
    whole = counts.round().astype(np.int64).reshape(2, N_AREAS)
    anatomy = grow_anatomy(shape, whole)
    affine = anatomy.affine * [[_MM], [_MM], [_MM], [1]]
    return Anatomy(anatomy.left, anatomy.right, anatomy.brain, affine)


def write_betas(
    path: Path, values: NDArray[np.int16], voxels: NDArray[np.int64], shape: tuple[int, ...]
) -> None:
    """Write a session as NSD's HDF5 files have it.

    Parameters
    ----------
    path : Path
        File to write; its folder is created.
    values : ndarray, int16, shape (n_trials, n_brain)
        Responses.
    voxels : ndarray, int64, shape (n_brain,)
        Fortran-order index of each voxel.
    shape : tuple of int
        Voxels along x, y, z.
    """
    # x runs fastest in the file, so that the last axis of a C-ordered array is x.
    grid = np.zeros((len(values), int(np.prod(shape))), np.int16)
    grid[:, voxels] = values
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as temporary, h5py.File(temporary, "w", libver="latest") as file:
        file.create_dataset(
            "betas",
            data=grid.reshape(len(values), *reversed(shape)),
            chunks=(len(values), 1, 1, 1),
            track_times=False,
        )


def _true_ceilings(responses: SubjectResponses, images: NDArray[np.int64]) -> NDArray[np.float64]:
    """Compute true noise ceilings, percent: the signal varies within a session, noise is known."""
    signal = np.mean([responses.signal_variance(session) for session in images], axis=0)
    return ceiling_percent(np.sqrt(signal / responses.noise_variance))


def _rows(
    subject: int, anatomy: Anatomy, cortex: Cortex, maps: dict[str, NDArray[np.int16]],
    ceilings: NDArray[np.float64],
) -> list[str]:  # fmt: skip
    """List the voxels of areas, in file order."""
    flat = {name: labels.ravel(order="F")[cortex.voxels] for name, labels in maps.items()}
    stream_labels = np.maximum(flat["lh.streams"], flat["rh.streams"])
    places = np.stack(np.unravel_index(cortex.voxels, anatomy.brain.shape, order="F"), axis=1)
    rows = []
    for n in np.flatnonzero(cortex.roi > 0):
        parcel = parcels()[int(cortex.roi[n]) - 1]
        ceiling = 0.0 if cortex.dead[n] else ceilings[n]
        row = [
            subject + 1, *places[n].tolist(), parcel.hemisphere, parcel.name, parcel.family,
            flat["prf-visualrois"][n], stream_labels[n], int(cortex.dead[n]), f"{ceiling:.4f}",
        ]  # fmt: skip
        rows.append("\t".join(map(str, row)))
    return rows
