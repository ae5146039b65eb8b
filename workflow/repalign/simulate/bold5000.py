"""Write the stimuli of a simulated BOLD5000 in the layout of the real one: pictures and lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from repalign.simulate.pictures import described, draw, kind_of, save_picture
from repalign.simulate.scenes import make_scene
from repalign.simulate.seeds import stream
from repalign.simulate.settings import Bold5000Simulation
from repalign.simulate.truth import write_dataset_manifest, write_json
from repalign.tables.atomic import atomic_folder

LISTS = "bold5000_stimuli/Stimuli_Presentation_Lists"
PICTURES = "bold5000_stimuli/Scene_Stimuli/Presented_Stimuli"
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
    ``rep_`` marks images that come again without telling which showing it is. There are no
    responses.
    """
    names = [image_name(settings, k) for k in range(settings.n_images)]
    with atomic_folder(folder) as root:
        truth = []
        for k, name in enumerate(names):
            scene = make_scene(settings.seed, k)
            path = f"{PICTURES}/{FOLDERS[SOURCES[k % 3]]}/{name}"
            save_picture(root / path, draw(scene, settings.image_size, settings.seed), kind_of(k))
            truth.append(described(scene, path, kind_of(k)))
        lists = [
            _write_lists(root / LISTS, settings, subject, names)
            for subject in range(1, len(settings.sessions) + 1)
        ]
        (root / "truth").mkdir()
        write_json(root / "truth" / "images.json", truth)
        write_json(root / "truth" / "presentations.json", [row for rows in lists for row in rows])
        write_dataset_manifest(root, "bold5000", settings)


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
    folder: Path, settings: Bold5000Simulation, subject: int, names: list[str]
) -> list[dict[str, Any]]:
    """Write the lists of a subject; return what it was shown, in order."""
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
    for session, run in {(row["session"], row["run"]) for row in rows}:
        lines = [row["line"] for row in rows if (row["session"], row["run"]) == (session, run)]
        place = folder / f"CSI{subject}" / f"CSI{subject}_sess{session:02d}"
        place.mkdir(parents=True, exist_ok=True)
        path = place / f"CSI{subject}_sess{session:02d}_run{run:02d}.txt"
        path.write_text("\n".join(map(str, lines)) + "\n", encoding="utf-8")
    return rows
