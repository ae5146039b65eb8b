"""Model features and control matrices for the images of any simulated dataset.

A layer is a weighted sum of the latent feature spaces that the simulated brains respond to, in
orthogonal directions, plus noise. With Z_f the unit-length features of family f and w_f its
weight, the expected inner product of two images is the sum of w_f Z_f Z_f', so the RDM of a
layer is a known mixture of the families' RDMs. The weights of a layer and its noise add up to 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from repalign.models.features import write_features
from repalign.models.modality import modality_of
from repalign.simulate.scenes import Scene
from repalign.simulate.seeds import stream
from repalign.simulate.settings import SIMULATOR_VERSION
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

    def key(self, prompt: str) -> str:
        """Return the key of its feature file, with the captions that it is said to have read."""
        return self.name.replace("_prompt-coco", f"_prompt-{prompt}")

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


def origin_of(seed: int) -> dict[str, Any]:
    """Return what simulated features and control matrices say of where they are from."""
    return {
        "code": f"repalign.simulate {SIMULATOR_VERSION}",
        "dataset_source": "simulated",
        "seed": seed,
    }


def write_model_features(
    root: Path,
    latents: Mapping[str, Float64],
    ids: Sequence[int] | npt.NDArray[np.int64],
    seed: int,
    *,
    prompt: str = "coco",
    attributes: Mapping[str, str] | None = None,
) -> None:
    """Write ``features/*.h5``, a file a model of `MODELS`.

    Parameters
    ----------
    root : Path
        Root of the dataset.
    latents : mapping of str to ndarray, shape (n_images, n_components)
        Latent features by family.
    ids : sequence of int, shape (n_images,)
        Number of each image in trials and tables.
    seed : int
        Of the dataset.
    prompt : str
        Captions that language models are said to have read.
    attributes : mapping, optional
        What else the files say.
    """
    for number, model in enumerate(MODELS):
        write_features(
            root / "features" / f"{model.key(prompt)}.h5",
            _layers(model, latents, seed, number),
            ids,
            {"provenance": encode(origin_of(seed)), **(attributes or {})},
        )


def weights_table(prompt: str = "coco") -> str:
    """Return the text of ``truth/models.tsv``: a row a layer."""
    rows = ["model\tmodality\tlayer\t" + "\t".join(FAMILIES) + "\tnoise"]
    for model in MODELS:
        for layer, weights in enumerate(model.weights()):
            numbers = [f"{value:.6f}" for value in (*weights, 1 - weights.sum())]
            key = model.key(prompt)
            rows.append("\t".join([key, modality_of(key), str(layer), *numbers]))
    return "\n".join(rows) + "\n"


def write_dataset_models(
    root: Path,
    dataset: str,
    latents: Mapping[str, Float64],
    ids: Sequence[int],
    controlled: Mapping[int, Scene],
    seed: int,
) -> None:
    """Write features, their truth and control matrices of BOLD5000 or THINGS.

    Parameters
    ----------
    root : Path
        Root of the dataset, with the folder ``truth``.
    dataset : str
        `bold5000` or `things`.
    latents : mapping of str to ndarray, shape (n_images, n_components)
        Latent features by family.
    ids : sequence of int, shape (n_images,)
        Number of each image in trials and tables.
    controlled : mapping of int to Scene
        Images of the control matrices by number, ascending; none, if there are none.
    seed : int
        Of the dataset.
    """
    attributes = {"dataset": dataset}
    write_model_features(root, latents, ids, seed, prompt="pixtral", attributes=attributes)
    (root / "truth" / "models.tsv").write_text(weights_table("pixtral"), encoding="utf-8")
    if controlled:
        column = {"bold5000": "bold_position", "things": "things_id"}[dataset]
        scenes, numbers = list(controlled.values()), list(controlled)
        write_control_matrices(root, scenes, numbers, column, seed)


def write_control_matrices(
    root: Path, scenes: Sequence[Scene], ids: Sequence[int], id_column: str, seed: int
) -> None:
    """Write ``control_matrices/*.parquet``: what images show.

    Parameters
    ----------
    root : Path
        Root of the dataset.
    scenes : sequence of Scene
        Content of each image.
    ids : sequence of int
        Number of each image.
    id_column : str
        Name of the column of these numbers.
    seed : int
        Of the dataset.
    """
    for name, matrix in _control_matrices(scenes).items():
        path = root / "control_matrices" / f"control_{name}.parquet"
        numbers = {id_column: pa.array(ids, pa.int32())}
        write_table(path, pa.table({**numbers, **matrix}), origin_of(seed))


def _layers(
    model: SimulatedModel, latents: Mapping[str, Float64], seed: int, number: int
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


def _control_matrices(scenes: Sequence[Scene]) -> dict[str, dict[str, npt.NDArray[np.float32]]]:
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
