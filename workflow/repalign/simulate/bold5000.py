"""Write a simulated BOLD5000 in the layout of the real one: pictures, lists, events and betas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.simulate.brains import Shown, compared_images, make_brains
from repalign.simulate.events import write_events
from repalign.simulate.features import energy_descriptor, latent_features
from repalign.simulate.model_features import write_dataset_models
from repalign.simulate.other_settings import Bold5000Simulation
from repalign.simulate.pictures import described, draw, kind_of, save_picture
from repalign.simulate.planting import mean_kernels
from repalign.simulate.scenes import make_scene
from repalign.simulate.seeds import stream
from repalign.simulate.settings import N_AREAS
from repalign.simulate.truth import write_dataset_manifest, write_json, write_planting
from repalign.tables.atomic import atomic_folder
from repalign.tables.nifti_writer import scatter, write_volumes

LISTS = "bold5000_stimuli/Stimuli_Presentation_Lists"
PICTURES = "bold5000_stimuli/Scene_Stimuli/Presented_Stimuli"
BETAS = "bold5000/CSI{subject}_GLMbetas-TYPED-FITHRF-GLMDENOISE-RR_ses-{session:02d}.nii.gz"
ATLAS = "preprocessed/atlas/subj-{subject:02d}_HCP_atlas_func_360.nii.gz"
EVENTS = "events"
PUBLIC_GAP = 20
"""What the public volumetric atlas adds to the labels of the right hemisphere (201-380)."""
SOURCES = ("coco", "imagenet", "scenes")
FOLDERS = {"coco": "COCO", "imagenet": "ImageNet", "scenes": "Scene"}
_SCENES = ("airport", "HorseRaceTrack", "living room", "pier", "ATM")


def simulate_bold5000(folder: Path | str, settings: Bold5000Simulation) -> None:
    """Write a simulated dataset; an existing folder of that name is replaced as a whole.

    Parameters
    ----------
    folder : Path or str
        Root of the dataset to make. It appears only when everything is written.
    settings : Bold5000Simulation
        Sizes and seed.

    Notes
    -----
    As in the real dataset, names tell where a picture is from, capitals and suffixes vary
    (``.jpg``, ``.JPEG``, ``.jpeg``, spaces), files named as JPEG may be grey, CMYK or PNG, all
    subjects see the same images in orders of their own, later ones perhaps fewer, and the prefix
    ``rep_`` marks images that come again without telling which showing it is. Betas are NaN
    outside the brain and in dead voxels. The atlases of odd subjects number the right hemisphere
    181-360, those of even ones 201-380 as the public volumetric atlas does. ``truth/`` holds the
    expected inter-subject similarity of every region, over the sessions of the first subject of a
    pair; see :mod:`repalign.simulate.geometry` for the theory. ``features/`` holds those of
    simulated models, ``control_matrices/`` what the images that all subjects see show.
    """
    names = [image_name(settings, k) for k in range(settings.n_images)]
    with atomic_folder(folder) as root:
        truth, scenes, energies = [], [], []
        for k, name in enumerate(names):
            scene = make_scene(settings.seed, k)
            path = f"{PICTURES}/{FOLDERS[SOURCES[k % 3]]}/{name}"
            pixels = draw(scene, settings.image_size, settings.seed)
            save_picture(root / path, pixels, kind_of(k))
            truth.append(described(scene, path, kind_of(k)))
            scenes.append(scene)
            energies.append(energy_descriptor(pixels))
        (root / "truth").mkdir()
        lists = [
            _write_lists(root, settings, subject, names)
            for subject in range(1, len(settings.sessions) + 1)
        ]
        write_json(root / "truth" / "images.json", truth)
        write_json(root / "truth" / "presentations.json", [row for rows in lists for row in rows])
        number = {name: k for k, name in enumerate(names)}
        shown = [
            Shown(
                np.array([number[row["image_name"]] for row in rows]),
                np.array([row["session"] - 1 for row in rows]),
            )
            for rows in lists
        ]
        latents = latent_features(scenes, np.stack(energies))
        _write_subjects(root, settings, shown, latents)
        # Images are numbered in the order of their first presentation.
        position = {image: k for k, image in enumerate(dict.fromkeys(shown[0].images.tolist()))}
        common = set.intersection(*({*own.images.tolist()} for own in shown))
        controlled = {k: scenes[image] for image, k in position.items() if image in common}
        ids = [position[image] for image in range(settings.n_images)]
        write_dataset_models(root, "bold5000", latents, ids, controlled, settings.seed)
        sessions = {str(s): done for s, done in enumerate(settings.sessions, start=1)}
        write_dataset_manifest(root, "bold5000", settings, sessions)


def _write_subjects(
    root: Path,
    settings: Bold5000Simulation,
    shown: list[Shown],
    features: dict[str, NDArray[np.float64]],
) -> None:
    """Write atlas and betas of every subject, and what was planted."""
    kernels = mean_kernels(features, compared_images(shown))
    brains, planting = make_brains(settings, len(shown), kernels, features)
    write_planting(root / "truth", planting)
    for subject, (brain, own) in enumerate(zip(brains, shown, strict=True), start=1):
        anatomy, cortex = brain.anatomy, brain.cortex
        labels = anatomy.rois().ravel(order="F")
        if subject % 2 == 0:
            labels = np.where(labels > N_AREAS, labels + PUBLIC_GAP, labels).astype(np.int16)
        atlas = root / ATLAS.format(subject=subject)
        write_volumes(atlas, anatomy.brain.shape, anatomy.affine, [labels])
        dead = np.where(cortex.dead, np.float32(np.nan), np.float32(0))
        background = np.full(anatomy.brain.size, np.nan, np.float32)
        for session in range(settings.sessions[subject - 1]):
            images = own.images[own.sessions == session]
            drawn = brain.responses.values(session, images)
            write_volumes(
                root / BETAS.format(subject=subject, session=session + 1),
                (*anatomy.brain.shape, images.size),
                anatomy.affine,
                scatter(
                    (np.round(values, 4) + dead for values in drawn),
                    cortex.voxels,
                    anatomy.brain.size,
                    background,
                ),
                settings.compression_level,
                "<f4",
            )


def image_name(settings: Bold5000Simulation, number: int) -> str:
    """Return the name of an image: COCO, ImageNet and scenes in turn."""
    rng = stream(settings.seed, "bold5000 name", number)
    source, k = SOURCES[number % 3], number // 3
    if source == "coco":
        return f"COCO_train2014_{int(rng.integers(1, 581_930)):09d}{k:03d}.jpg"
    if source == "imagenet":
        return f"n{int(rng.integers(1_440_764, 15_075_141)):08d}_{k + 1}.JPEG"
    return f"{_SCENES[k % len(_SCENES)]}{k + 1}{('.jpg', '.jpeg', '.JPG')[k % 3]}"


def _write_lists(
    root: Path, settings: Bold5000Simulation, subject: int, names: list[str]
) -> list[dict[str, Any]]:
    """Write lists and events of a subject; return what it was shown, in order."""
    rng = stream(settings.seed, "bold5000 order", subject)
    repeated = list(range(settings.n_repeated))
    shown = np.array([*range(len(names)), *repeated])
    # Whoever has fewer sessions sees the first images, and among them those that come again.
    n_trials = settings.sessions[subject - 1] * settings.n_runs * settings.n_trials_per_run
    again = shown[shown.size - min(len(repeated), n_trials // 2) :] if repeated else shown[:0]
    shown = rng.permutation(np.concatenate([shown[: n_trials - again.size], again]))
    marked = np.isin(shown, again) & (rng.random(shown.size) < 0.8)
    rows = []
    for k, image in enumerate(shown.tolist()):
        session, rest = divmod(k, settings.n_runs * settings.n_trials_per_run)
        run, trial = divmod(rest, settings.n_trials_per_run)
        rows.append(
            {
                "subject": subject, "session": session + 1, "run": run + 1, "trial": trial,
                "image_name": names[image], "line": ("rep_" if marked[k] else "") + names[image],
            }
        )  # fmt: skip
    for session, run in sorted({(row["session"], row["run"]) for row in rows}):
        part = [row for row in rows if (row["session"], row["run"]) == (session, run)]
        place = root / LISTS / f"CSI{subject}" / f"CSI{subject}_sess{session:02d}"
        place.mkdir(parents=True, exist_ok=True)
        lines = "".join(f"{row['line']}\n" for row in part)
        (place / f"CSI{subject}_sess{session:02d}_run{run:02d}.txt").write_text(lines, "utf-8")
        sources = [SOURCES[names.index(row["image_name"]) % 3] for row in part]
        events = [
            {
                "ImgName": row["image_name"],
                "ImgType": ("rep_" if row["line"].startswith("rep_") else "") + source,
            }
            for row, source in zip(part, sources, strict=True)
        ]
        write_events(
            root / EVENTS, f"CSI{subject}", f"{session:02d}", "5000scenes", run, events, 10.0
        )
    return rows
