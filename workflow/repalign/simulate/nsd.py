"""Write a simulated Natural Scenes Dataset in the layout and formats of the real one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Never

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from repalign.simulate.anatomy import Anatomy, grow_anatomy
from repalign.simulate.brains import make_brains
from repalign.simulate.design import Design, make_design
from repalign.simulate.features import energy_descriptor, latent_features
from repalign.simulate.geometry import unit_t
from repalign.simulate.planting import matched_kernels
from repalign.simulate.render import render
from repalign.simulate.scenes import make_scene
from repalign.simulate.seeds import stream
from repalign.simulate.settings import N_AREAS, UNITS_PER_PERCENT, NsdSimulation
from repalign.simulate.stimuli import stimulus_table, write_design, write_images
from repalign.simulate.truth import (
    write_manifest,
    write_planting,
    write_scenes,
    write_session_manifest,
)
from repalign.tables.atomic import atomic_folder
from repalign.tables.nifti_writer import scatter, write_volumes

_BETAS = "func1mm/betas_fithrf_GLMdenoise_RR"


def simulate_nsd(folder: Path | str, settings: NsdSimulation, progress: bool = False) -> None:
    """Write a simulated dataset; an existing folder of that name is replaced as a whole.

    Parameters
    ----------
    folder : Path or str
        Root of the dataset to make. It appears only when everything is written.
    settings : NsdSimulation
        Sizes, strengths and seed. The same settings give byte-identical files.
    progress : bool
        Whether to show a progress bar, on standard error and only if that is a terminal.

    Notes
    -----
    ``truth/`` holds what is known of the data: the content of every image and the similarity
    planted in every region. See :mod:`repalign.simulate.geometry` for the theory.
    """
    design = make_design(settings)
    with (
        atomic_folder(folder) as root,
        tqdm(
            total=settings.n_images + 10 * sum(settings.sessions),
            desc="simulating NSD",
            disable=not (progress and sys.stderr.isatty()),
        ) as bar,
    ):
        (root / "truth").mkdir()
        write_design(root / "nsd_expdesign.mat", design, settings)
        stimulus_table(design, settings).to_csv(
            root / "nsd_stim_info_merged.csv", lineterminator="\n"
        )
        features = _write_pictures(root, settings, bar)
        _write_subjects(root, settings, design, features, bar)
        write_manifest(root, settings)


def _write_pictures(
    root: Path, settings: NsdSimulation, bar: tqdm[Never]
) -> dict[str, NDArray[np.float64]]:
    """Draw and write all images and their content; return their latent features."""
    scenes = [make_scene(settings.seed, number) for number in range(settings.n_images)]
    areas: list[list[int]] = []
    energies: list[NDArray[np.float64]] = []

    def pictures() -> Iterator[NDArray[np.uint8]]:
        for scene in scenes:
            image, pixels = render(scene, settings.image_size, settings.seed)
            areas.append(pixels)
            energies.append(energy_descriptor(image))
            yield image
            bar.update()

    write_images(root / "nsd_stimuli.hdf5", pictures(), settings.n_images)
    write_scenes(root / "truth" / "scenes.json", scenes, areas, settings.image_size)
    return latent_features(scenes, np.stack(energies))


def _write_subjects(
    root: Path,
    settings: NsdSimulation,
    design: Design,
    features: dict[str, NDArray[np.float64]],
    bar: tqdm[Never],
) -> None:
    """Write the atlas and the sessions of every subject, and what was planted."""
    brains, planting = make_brains(
        settings, settings.n_subjects, matched_kernels(settings, design, features), features
    )
    write_planting(root / "truth", planting)
    for subject, brain in enumerate(brains):
        anatomy, cortex = brain.anatomy, brain.cortex
        home = root / f"subj{subject + 1:02d}"
        _write_atlas(home, anatomy)
        shown = design.images[subject][design.order].reshape(settings.n_planned_sessions, -1)
        for session in range(settings.sessions[subject]):
            write_volumes(
                home / _BETAS / f"betas_session{session + 1:02d}.nii.gz",
                (*anatomy.brain.shape, settings.n_trials_per_session),
                anatomy.affine,
                scatter(
                    brain.responses.session(session, shown[session]),
                    cortex.voxels,
                    anatomy.brain.size,
                ),
                settings.compression_level,
            )
            bar.update(10)


def _write_atlas(home: Path, anatomy: Anatomy) -> None:
    """Write the two atlas volumes of a subject."""
    for name, labels in (("lh", anatomy.left), ("rh", anatomy.right)):
        write_volumes(
            home / "func1mm" / "roi" / f"{name}.HCP_MMP1.nii.gz",
            labels.shape,
            anatomy.affine,
            [labels.ravel(order="F")],
        )


def write_full_size_session(
    folder: Path | str,
    n_trials: int = 750,
    shape: tuple[int, int, int] = (145, 186, 148),
    seed: int = 0,
    n_labelled: int = 500_000,
) -> None:
    """Write one session of one subject at the size of the real data, for benchmarks.

    Parameters
    ----------
    folder : Path or str
        Root of the dataset to make.
    n_trials : int
        Trials of the session.
    shape : tuple of int
        Voxels along x, y, z.
    seed : int
        Seed of areas and noise.
    n_labelled : int
        Voxels in areas, over both hemispheres.

    Notes
    -----
    Responses are noise without signal: each volume is a stretch of one long series drawn once,
    from a random start. Memory stays at a few volumes.
    """
    rng = stream(seed, "full size")
    weights = rng.uniform(0.4, 1.6, (2, N_AREAS))
    counts = np.maximum((weights / weights.sum() * n_labelled).astype(np.int64), 1)
    anatomy = grow_anatomy(shape, counts)
    voxels = np.flatnonzero(anatomy.brain.ravel(order="F"))
    series = np.rint(unit_t(rng, 4.0, (2 * voxels.size,)) * 1.5 * UNITS_PER_PERCENT)
    noise = series.clip(-32768, 32767).astype(np.int16)
    del series
    starts = rng.integers(0, voxels.size, n_trials)
    with atomic_folder(folder) as root:
        _write_atlas(root / "subj01", anatomy)
        write_volumes(
            root / "subj01" / _BETAS / "betas_session01.nii.gz",
            (*shape, n_trials),
            anatomy.affine,
            scatter(
                (noise[start : start + voxels.size] for start in starts),
                voxels,
                anatomy.brain.size,
            ),
        )
        write_session_manifest(root, n_trials, shape, seed)
