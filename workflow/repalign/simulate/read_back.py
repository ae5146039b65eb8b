"""What a finished simulated NSD shows, read back from its files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from repalign.errors import RepalignError
from repalign.simulate.features import energy_descriptor, latent_features
from repalign.simulate.scenes import Layout, Scene, SceneObject
from repalign.simulate.settings import NsdSimulation
from repalign.simulate.truth import read_simulation


@dataclass(frozen=True)
class Content:
    """The images of a simulated dataset.

    Attributes
    ----------
    scenes : list of Scene
        In the order of the image file.
    areas : list of list of int
        Visible pixels of each object of each scene.
    stimuli : DataFrame
        NSD's stimulus table.
    latents : dict of str to ndarray, shape (n_images, n_components)
        Latent features by family.
    """

    scenes: list[Scene]
    areas: list[list[int]]
    stimuli: pd.DataFrame
    latents: dict[str, NDArray[np.float64]]


def read_content(root: Path, settings: NsdSimulation) -> Content:
    """Read what the images of a simulated dataset show.

    Parameters
    ----------
    root : Path
        A dataset that `simulate_nsd` has finished.
    settings : NsdSimulation
        The settings that made it.

    Returns
    -------
    Content
        The same as when it was made.

    Raises
    ------
    RepalignError
        If the folder is no finished simulation, or was made with other settings.
    """
    _check_origin(root, settings)
    scenes, areas = _read_scenes(root / "truth" / "scenes.json", settings.image_size)
    stimuli = pd.read_csv(root / "nsd_stim_info_merged.csv", index_col=0)
    with h5py.File(root / "nsd_stimuli.hdf5", "r") as file:
        energies = np.stack([energy_descriptor(image) for image in file["imgBrick"]])
    return Content(scenes, areas, stimuli, latent_features(scenes, energies))


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
