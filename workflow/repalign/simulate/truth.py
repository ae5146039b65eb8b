"""What is true of a simulated dataset, written beside it and read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from repalign.errors import RepalignError
from repalign.simulate.atlas import parcels
from repalign.simulate.planting import Planting
from repalign.simulate.scenes import Scene
from repalign.simulate.settings import N_AREAS, SIMULATOR_VERSION, NsdSimulation

_MANIFEST = "simulation.json"
MODELS_VERSION = 1
"""Goes up when tiny models of equal settings become different."""


def write_manifest(folder: Path, settings: NsdSimulation) -> None:
    """Write ``simulation.json``, the mark of a simulated dataset.

    Parameters
    ----------
    folder : Path
        Root of the dataset.
    settings : NsdSimulation
        What made it.
    """
    facts = {
        "dataset": "nsd",
        "simulated": True,
        "format": "nsd-raw",
        "code": dataset_code(),
        "seed": settings.seed,
        "sessions": {str(s): done for s, done in enumerate(settings.sessions, start=1)},
        "n_trials_per_session": settings.n_trials_per_session,
        "n_images": settings.n_images,
        "settings": settings.model_dump(mode="json"),
    }
    write_json(folder / _MANIFEST, facts)


def write_session_manifest(folder: Path, n_trials: int, shape: tuple[int, ...], seed: int) -> None:
    """Write ``simulation.json`` of a folder that holds one full-size session only."""
    facts = {
        "dataset": "nsd",
        "simulated": True,
        "format": "nsd-raw",
        "code": dataset_code(),
        "seed": seed,
        "sessions": {"1": 1},
        "n_trials_per_session": n_trials,
        "volume_shape": list(shape),
    }
    write_json(folder / _MANIFEST, facts)


def write_dataset_manifest(
    folder: Path, dataset: str, settings: BaseModel, sessions: dict[str, int]
) -> None:
    """Write ``simulation.json`` of BOLD5000 or THINGS.

    Parameters
    ----------
    folder : Path
        Root of the dataset.
    dataset : str
        Name of the dataset.
    settings : BaseModel
        What made it.
    sessions : dict of str to int
        Number of sessions of each subject.
    """
    facts = {
        "dataset": dataset,
        "simulated": True,
        "code": dataset_code(),
        "sessions": sessions,
        "settings": settings.model_dump(mode="json"),
    }
    write_json(folder / _MANIFEST, facts)


def write_models_manifest(folder: Path, settings: NsdSimulation) -> None:
    """Write ``simulation.json`` of a folder of tiny models.

    Parameters
    ----------
    folder : Path
        The folder.
    settings : NsdSimulation
        Of the dataset that the models are for.
    """
    write_json(
        folder / _MANIFEST,
        {
            "dataset": "models",
            "simulated": True,
            "code": models_code(),
            "settings": models_settings(settings),
        },
    )


def dataset_code() -> str:
    """Return the version of the code that simulates datasets, as manifests name it."""
    return f"repalign.simulate {SIMULATOR_VERSION}"


def models_code() -> str:
    """Return the version of the code that makes tiny models, as their manifest names it."""
    return f"repalign.simulate.tiny_models {MODELS_VERSION}, captions {SIMULATOR_VERSION}"


def models_settings(settings: NsdSimulation) -> dict[str, int]:
    """Return the settings of a simulated dataset that its tiny models depend on."""
    return {"seed": settings.seed, "n_images": settings.n_images}


def read_simulation(folder: Path | str) -> dict[str, Any] | None:
    """Read what a folder says about its own simulation.

    Parameters
    ----------
    folder : Path or str
        Root of a dataset.

    Returns
    -------
    dict or None
        Content of ``simulation.json``; None if the folder has none, as real data.

    Raises
    ------
    RepalignError
        If the file is there but is not what the simulator writes.
    """
    path = Path(folder) / _MANIFEST
    if not path.is_file():
        return None
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _broken(path, f"not JSON: {error}") from error
    if not isinstance(facts, dict) or facts.get("simulated") is not True:
        raise _broken(path, "no object with 'simulated': true")
    return facts


def _broken(path: Path, found: str) -> RepalignError:
    return RepalignError(
        found,
        where=path,
        expected="the facts of a simulated dataset, as the simulator writes them",
        remedy="Simulate the dataset again, or delete the file if the data are real.",
    )


def write_scenes(path: Path, scenes: list[Scene], areas: list[list[int]], size: int) -> None:
    """Write the content of every image.

    Parameters
    ----------
    path : Path
        ``scenes.json``.
    scenes : list of Scene
        In the order of the image file.
    areas : list of list of int
        Pixels of each object of each scene.
    size : int
        Width of an image, pixels; boxes are written in pixels: left, top, width, height.
    """
    content = [
        {
            "nsd_id": scene.number,
            "layout": vars(scene.layout),
            "objects": [
                {
                    "category_id": thing.category_id,
                    "category": thing.category,
                    "supercategory": thing.supercategory,
                    "bbox": [round(edge * size, 2) for edge in thing.box],
                    "area": area,
                    "animate": thing.animate,
                }
                for thing, area in zip(scene.objects, pixels, strict=True)
            ],
            "captions": scene.captions,
        }
        for scene, pixels in zip(scenes, areas, strict=True)
    ]
    write_json(path, content)


def write_planting(folder: Path, planting: Planting) -> None:
    """Write ``regions.tsv`` (rois 1 to 360) and ``areas.tsv`` (hemispheres joined, 1 to 180).

    Parameters
    ----------
    folder : Path
        Folder of the truth.
    planting : Planting
        Expected inter-subject similarities, at shift 1.
    """
    regions = ["roi\tname\themisphere\tfamily\tplanted_similarity"]
    areas = ["roi\tname\tfamily\tplanted_similarity"]
    for parcel, similarity in zip(parcels(), planting.separated, strict=True):
        row = [str(parcel.roi), parcel.name, parcel.hemisphere, parcel.family]
        regions.append("\t".join([*row, f"{similarity:.6f}"]))
    for parcel, similarity in zip(parcels()[:N_AREAS], planting.joined, strict=True):
        areas.append("\t".join([str(parcel.roi), parcel.name, parcel.family, f"{similarity:.6f}"]))
    for name, lines in (("regions.tsv", regions), ("areas.tsv", areas)):
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_json(path: Path, content: object) -> None:
    """Write JSON with a fixed layout.

    Parameters
    ----------
    path : Path
        File to write.
    content : object
        Dictionaries, lists, texts and numbers, NumPy's included.
    """
    text = json.dumps(content, indent=1, ensure_ascii=True, default=_plain)
    path.write_text(text + "\n", encoding="utf-8")


def _plain(value: object) -> object:
    """Turn NumPy numbers into Python's."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"cannot write {type(value).__name__} as JSON")
