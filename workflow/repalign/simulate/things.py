"""Write a simulated THINGS-fMRI in the layout of the real one: pictures, tables and events."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from repalign.simulate.brains import Shown, compared_images, make_brains
from repalign.simulate.events import write_events
from repalign.simulate.features import energy_descriptor, latent_features
from repalign.simulate.model_features import write_dataset_models
from repalign.simulate.other_settings import ThingsSimulation
from repalign.simulate.pictures import concept_scene, described, draw, kind_of, save_picture
from repalign.simulate.planting import mean_kernels
from repalign.simulate.scenes import COCO
from repalign.simulate.seeds import stream
from repalign.simulate.things_tables import (
    write_concept_tables,
    write_responses,
    write_stimulus_metadata,
    write_voxel_metadata,
)
from repalign.simulate.truth import write_dataset_manifest, write_json, write_planting
from repalign.tables.atomic import atomic_folder

PICTURES = "stimuli/THINGS/Images"
CONCEPTS = "stimuli/THINGS/Metadata/Concept-specific/unique_id.csv"
CATEGORIES = "stimuli/THINGS/27 higher-level categories"
TABLES = "betas_csv/betas_csv"
EVENTS = "events"
_MEANINGS = {"mouse": "mouse1", "remote": "remote1", "orange": "orange1", "bat": "bat1"}
"""Words of several meanings have a number in THINGS."""


@dataclass(frozen=True)
class Trial:
    """One trial with a response: all numbers from 1, the image from 0."""

    session: int
    run: int
    image: int
    trial_type: str


def simulate_things(folder: Path | str, settings: ThingsSimulation) -> None:
    """Write a simulated dataset; an existing folder of that name is replaced as a whole.

    Parameters
    ----------
    folder : Path or str
        Root of the dataset to make. It appears only when everything is written.
    settings : ThingsSimulation
        Sizes and seed.

    Notes
    -----
    As in the real dataset, the concepts are ordered by their words, in which a space comes
    before any letter or digit, and not by their names, in which an underscore stands for it.
    Files named as JPEG may be grey, CMYK or PNG, and a file that is no picture lies among them.
    All subjects see the same images; a set of train images that one session shows to one subject
    is shown to the others in a session of another number; test images come in every session.
    The tables of responses are laid out as pandas stores them, and x runs from left to right,
    with the middle of the volume at ``voxel_x`` 36. ``truth/`` holds the expected inter-subject
    similarity of every region, over the sessions of the first subject of a pair; see
    :mod:`repalign.simulate.geometry` for the theory. ``features/`` holds those of simulated
    models, ``control_matrices/`` what the test images show.
    """
    words = chosen_words(settings)
    concepts = [concept_name(word) for word in words]
    with atomic_folder(folder) as root:
        truth, scenes, energies, files = [], [], [], []
        for n in range(settings.n_images):
            k, number = divmod(n, settings.n_images_per_concept)
            scene = concept_scene(settings.seed, n, words[k])
            letter = "b" if number == 0 else "s"
            files.append(f"{concepts[k]}/{concepts[k]}_{number + 1:02d}{letter}.jpg")
            pixels = draw(scene, settings.image_size, settings.seed)
            save_picture(root / PICTURES / files[n], pixels, kind_of(n))
            truth.append(described(scene, f"{PICTURES}/{files[n]}", kind_of(n)))
            scenes.append(scene)
            energies.append(energy_descriptor(pixels))
        (root / PICTURES / concepts[0] / "Thumbs.db").write_bytes(b"no picture")
        (root / CONCEPTS).parent.mkdir(parents=True)
        (root / CONCEPTS).write_text("\n".join(concepts) + "\n", encoding="utf-8")
        write_concept_tables(root / CATEGORIES, words)
        (root / "truth").mkdir()
        write_json(root / "truth" / "images.json", truth)
        latents = latent_features(scenes, np.stack(energies))
        _write_subjects(root, settings, files, latents)
        # Images are numbered in the order of their file names.
        order = sorted(range(settings.n_images), key=lambda k: Path(files[k]).name)
        numbers = {image: k for k, image in enumerate(order)}
        test = set(test_images(settings).tolist())
        controlled = {k: scenes[image] for image, k in numbers.items() if image in test}
        ids = [numbers[image] for image in range(settings.n_images)]
        write_dataset_models(root, "things", latents, ids, controlled, settings.seed)
        sessions = {str(s + 1): settings.n_sessions for s in range(settings.n_subjects)}
        write_dataset_manifest(root, "things", settings, sessions)


def chosen_words(settings: ThingsSimulation) -> list[str]:
    """Draw the concepts, in their order; people are none."""
    words = [word for names in COCO.values() for word in names.values() if word != "person"]
    rng = stream(settings.seed, "things concepts")
    return sorted(str(word) for word in rng.choice(words, settings.n_concepts, replace=False))


def concept_name(word: str) -> str:
    """Return the name of a concept, which its folder and files have."""
    return _MEANINGS.get(word, word).replace(" ", "_")


def make_trials(settings: ThingsSimulation) -> list[list[Trial]]:
    """Draw what every subject is shown, in order.

    Parameters
    ----------
    settings : ThingsSimulation
        Sizes and seed.

    Returns
    -------
    list of list of Trial
        A list a subject.
    """
    test, train = np.split(_shuffled(settings), [settings.n_test])
    n_train = settings.n_sessions * settings.n_train_per_session
    batches = train[:n_train].reshape(settings.n_sessions, -1)
    found = []
    for subject in range(settings.n_subjects):
        rng = stream(settings.seed, "things order", subject)
        trials = []
        for session, batch in enumerate(rng.permutation(settings.n_sessions), start=1):
            shown = rng.permutation(np.concatenate([batches[batch], test]))
            for run, part in enumerate(np.array_split(shown, settings.n_runs), start=1):
                trials += [
                    Trial(session, run, image, "test" if image in test else "train")
                    for image in part.tolist()
                ]
        found.append(trials)
    return found


def test_images(settings: ThingsSimulation) -> NDArray[np.int64]:
    """Return the images that every session shows, shape (n_test,)."""
    return _shuffled(settings)[: settings.n_test]


def _shuffled(settings: ThingsSimulation) -> NDArray[np.int64]:
    """Return all images in a random order: test images, then train images, then the rest."""
    return stream(settings.seed, "things images").permutation(settings.n_images)


def _write_subjects(
    root: Path,
    settings: ThingsSimulation,
    files: list[str],
    features: dict[str, NDArray[np.float64]],
) -> None:
    """Write the tables and events of every subject, and what was planted."""
    trials = make_trials(settings)
    shown = [
        Shown(np.array([trial.image for trial in own]), np.array([t.session - 1 for t in own]))
        for own in trials
    ]
    kernels = mean_kernels(features, compared_images(shown))
    brains, planting = make_brains(settings, settings.n_subjects, kernels, features)
    write_planting(root / "truth", planting)
    (root / TABLES).mkdir(parents=True)
    for subject, (brain, own) in enumerate(zip(brains, shown, strict=True)):
        stem = root / TABLES / f"sub-{subject + 1:02d}"
        write_stimulus_metadata(
            stem.with_name(f"{stem.name}_StimulusMetadata.csv"),
            subject + 1,
            trials[subject],
            files,
        )
        voxels = write_voxel_metadata(
            stem.with_name(f"{stem.name}_VoxelMetadata.csv"),
            subject + 1,
            brain,
            planting.share[subject],
        )
        drawn = [
            values[voxels]
            for session in range(settings.n_sessions)
            for values in brain.responses.values(session, own.images[own.sessions == session])
        ]
        write_responses(
            stem.with_name(f"{stem.name}_ResponseData.h5"), np.round(np.array(drawn).T, 4)
        )
        _write_runs(root / EVENTS, settings, subject + 1, trials[subject], files)


def _write_runs(
    folder: Path, settings: ThingsSimulation, subject: int, trials: list[Trial], files: list[str]
) -> None:
    """Write the events of a subject, with catch trials scattered among the others."""
    names = {"train": "exp", "test": "test"}
    for session, run in sorted({(trial.session, trial.run) for trial in trials}):
        rng = stream(settings.seed, "things catch", subject, session, run)
        events = [
            {"trial_type": names[trial.trial_type], "file_path": files[trial.image]}
            for trial in trials
            if (trial.session, trial.run) == (session, run)
        ]
        for _ in range(settings.n_catch_per_run):
            number = int(rng.integers(1, 1000))
            catch = {"trial_type": "catch", "file_path": f"catch{number:03d}.jpg"}
            events.insert(int(rng.integers(len(events) + 1)), catch)
        label = f"things{session:02d}"
        write_events(folder, f"{subject:02d}", label, "things", run, events, 4.5)
