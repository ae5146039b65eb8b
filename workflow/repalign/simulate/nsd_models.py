"""Model features, annotations and control matrices for the images of a simulated NSD.

A layer is a weighted sum of the latent feature spaces that the simulated brains respond to, in
orthogonal directions, plus noise. With Z_f the unit-length features of family f and w_f its
weight, the expected inner product of two images is the sum of w_f Z_f Z_f', so the RDM of a
layer is a known mixture of the families' RDMs. The weights of a layer and its noise add up to 1.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from repalign.errors import RepalignError
from repalign.models.features import write_features
from repalign.models.modality import modality_of
from repalign.simulate.coco import write_coco
from repalign.simulate.features import energy_descriptor, latent_features
from repalign.simulate.scenes import Layout, Scene, SceneObject
from repalign.simulate.seeds import stream
from repalign.simulate.settings import SIMULATOR_VERSION, NsdSimulation
from repalign.simulate.truth import read_simulation
from repalign.tables.atomic import atomic_file
from repalign.tables.parquet import write_table
from repalign.tables.provenance import encode

Float64 = npt.NDArray[np.float64]

FAMILIES = ("energy", "layout", "animacy")


@dataclass(frozen=True)
class SimulatedModel:
    """A model to simulate: its key, layers, width, and the noise of its middle layer."""

    name: str
    n_layers: int
    dim: int
    noise: float

    def weights(self) -> Float64:
        """Weight of each family in each layer, shape (n_layers, 3); the rest is noise.

        Vision models go from energy to layout and animacy; language models hold no energy, and
        their first layer, the embedding, is mostly noise.
        """
        depth = np.linspace(0, 1, self.n_layers)
        if modality_of(self.name) == "vision":
            mixture = np.column_stack([(1 - depth) ** 1.5, 0.8 * depth, 0.6 * depth**2])
            signal = np.full(self.n_layers, 1 - self.noise)
        else:
            mixture = np.column_stack([0 * depth, 0.35 + 0 * depth, 0.65 + 0 * depth])
            signal = (1 - self.noise) * (0.3 + 0.7 * depth * (2.4 - 1.4 * depth))
        mixture *= (signal / mixture.sum(axis=1))[:, np.newaxis]
        return np.asarray(np.round(mixture, 6))


MODELS = (
    SimulatedModel("sim-vit-small_pool-cls", 4, 32, 0.5),
    SimulatedModel("sim-vit-base_pool-cls", 5, 48, 0.4),
    SimulatedModel("sim-vit-large_pool-cls", 6, 64, 0.3),
    SimulatedModel("sim-llm-small_pool-avg_prompt-coco", 5, 48, 0.5),
    SimulatedModel("sim-llm-large_pool-avg_prompt-coco", 6, 64, 0.4),
)


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
    origin = {"code": f"repalign.simulate {SIMULATOR_VERSION}", "dataset_source": "simulated",
              "seed": settings.seed}  # fmt: skip
    for number, model in enumerate(MODELS):
        write_features(
            root / "features" / f"{model.name}.h5",
            _layers(model, latents, settings.seed, number),
            np.arange(len(scenes)),
            {"provenance": encode(origin)},
        )
    write_coco(root / "annotations", scenes, areas, stimuli, settings.image_size, settings.seed)
    shared = stimuli.loc[stimuli["shared1000"], "nsdId"].tolist()
    for name, matrix in _control_matrices([scenes[image] for image in shared]).items():
        path = root / "control_matrices" / f"control_{name}.parquet"
        ids = {"nsd_id": pa.array(shared, pa.int32())}
        write_table(path, pa.table({**ids, **matrix}), origin)
    with atomic_file(root / "truth" / "models.tsv") as temporary:
        temporary.write_text(_weights_table(), encoding="utf-8")


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


def _layers(
    model: SimulatedModel, latents: dict[str, Float64], seed: int, number: int
) -> Iterator[npt.NDArray[np.floating[Any]]]:
    """Make the features (n_images, dim) of each layer; float16 for language models.

    Values are rounded, so that bytes do not depend on the linear-algebra library.
    """
    dtype = np.float32 if modality_of(model.name) == "vision" else np.float16
    for layer, weights in enumerate(model.weights()):
        rng = stream(seed, "model", number, layer)
        spaces = np.hstack(
            [latents[family] * np.sqrt(w) for family, w in zip(FAMILIES, weights, strict=True)]
        )
        axes, upper = np.linalg.qr(rng.standard_normal((model.dim, spaces.shape[1])))
        axes *= np.sign(np.diagonal(upper))
        noise = rng.standard_normal((len(spaces), model.dim)) / np.sqrt(model.dim)
        features = spaces @ axes.T + noise * np.sqrt(1 - weights.sum())
        yield np.round(features, 4).astype(dtype)


def _weights_table() -> str:
    """Return the text of ``truth/models.tsv``: a row a layer."""
    rows = ["model\tmodality\tlayer\t" + "\t".join(FAMILIES) + "\tnoise"]
    for model in MODELS:
        for layer, weights in enumerate(model.weights()):
            numbers = [f"{value:.6f}" for value in (*weights, 1 - weights.sum())]
            rows.append("\t".join([model.name, modality_of(model.name), str(layer), *numbers]))
    return "\n".join(rows) + "\n"


def _control_matrices(scenes: list[Scene]) -> dict[str, dict[str, npt.NDArray[np.float32]]]:
    """Make the columns of each control matrix from what the scenes show.

    ``scene``: 0 if objects fill more than a fifth of the image, 1 above a tenth, 2 below.
    ``biology``: animal, human or neither, by the larger area. ``biology_binary``: animate or not.
    """

    def surface(scene: Scene, kind: str | None = None) -> float:
        sizes = [t.box[2] * t.box[3] for t in scene.objects if kind in (None, t.supercategory)]
        return round(sum(sizes), 6)

    of_animals = np.array([surface(scene, "animal") for scene in scenes])
    of_people = np.array([surface(scene, "person") for scene in scenes])
    animal = of_animals > of_people
    human = ~animal & (of_people > 0)
    level = 2 - np.digitize([surface(scene) for scene in scenes], [0.1, 0.2])
    matrices: dict[str, dict[str, npt.NDArray[Any]]] = {
        "scene": {"scene_level": level},
        "biology": {"animal": animal, "human": human, "inanimate": ~animal & ~human},
        "biology_binary": {"animate": animal | human},
    }
    return {
        name: {column: values.astype(np.float32) for column, values in matrix.items()}
        for name, matrix in matrices.items()
    }
