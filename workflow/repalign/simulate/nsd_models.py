"""Model features, annotations and control matrices for the images of a simulated NSD."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from repalign.errors import RepalignError
from repalign.simulate.coco import write_coco
from repalign.simulate.features import energy_descriptor, latent_features
from repalign.simulate.model_features import (
    weights_table,
    write_control_matrices,
    write_model_features,
)
from repalign.simulate.scenes import Layout, Scene, SceneObject
from repalign.simulate.settings import NsdSimulation
from repalign.simulate.truth import read_simulation
from repalign.tables.atomic import atomic_file


def simulate_models(folder: Path | str, settings: NsdSimulation) -> None:
    """Add model features, annotations and control matrices to a simulated dataset.

    Parameters
    ----------
    folder : Path or str
        Root of a dataset that `simulate_nsd` has finished. Added are ``features/*.h5``,
        ``annotations/*.json``, COCO's files, ``control_matrices/*.parquet``, and
        ``truth/models.tsv``, the weights; each file appears when it is written. The raw data
        are not touched.
    settings : NsdSimulation
        The settings that made the dataset. Equal settings give equal bytes.

    Raises
    ------
    RepalignError
        If the folder is no finished simulation, or was made with other settings.
    """
    root = Path(folder)
    _check_origin(root, settings)
    scenes, areas = _read_scenes(root / "truth" / "scenes.json", settings.image_size)
    stimuli = pd.read_csv(root / "nsd_stim_info_merged.csv", index_col=0)
    with h5py.File(root / "nsd_stimuli.hdf5", "r") as file:
        energies = np.stack([energy_descriptor(image) for image in file["imgBrick"]])
    latents = latent_features(scenes, energies)
    ids = np.arange(len(scenes))
    write_model_features(root, latents, ids, settings.seed)
    write_coco(root / "annotations", scenes, areas, stimuli, settings.image_size, settings.seed)
    shared = stimuli.loc[stimuli["shared1000"], "nsdId"].tolist()
    controlled = [scenes[image] for image in shared]
    write_control_matrices(root, controlled, shared, "nsd_id", settings.seed)
    with atomic_file(root / "truth" / "models.tsv") as temporary:
        temporary.write_text(weights_table(), encoding="utf-8")


def _check_origin(root: Path, settings: NsdSimulation) -> None:
    """Refuse a folder that these settings did not make."""
    facts = read_simulation(root)
    if facts is None or not (root / "truth" / "scenes.json").is_file():
        raise RepalignError(
            "no finished simulation",
            where=root,
            expected="simulation.json and truth/scenes.json",
            remedy="Simulate the dataset first.",
        )
    made, wanted = facts.get("settings", {}), settings.model_dump(mode="json")
    different = sorted(name for name in wanted if made.get(name) != wanted[name])
    if different:
        raise RepalignError(
            f"{different[0]}: {made.get(different[0])}",
            where=root / "simulation.json",
            expected=f"{different[0]}: {wanted[different[0]]}",
            remedy="Simulate the dataset again with these settings, or pass those that made it.",
        )


def _read_scenes(path: Path, size: int) -> tuple[list[Scene], list[list[int]]]:
    """Read scenes, and the visible pixels of their objects; tints are not recorded."""
    content: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    scenes, areas = [], []
    for entry in content:
        objects = []
        for thing in entry["objects"]:
            left, top, width, height = (edge / size for edge in thing["bbox"])
            kind = (thing["category_id"], thing["category"], thing["supercategory"])
            objects.append(SceneObject(*kind, (left, top, width, height), tint=0.0))
        layout = Layout(**{**entry["layout"], "colour": tuple(entry["layout"]["colour"])})
        scene = Scene(entry["nsd_id"], layout, tuple(objects), tuple(entry["captions"]))
        scenes.append(scene)
        areas.append([thing["area"] for thing in entry["objects"]])
    return scenes, areas
