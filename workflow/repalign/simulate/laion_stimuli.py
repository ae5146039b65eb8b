"""The stimuli of a simulated LAION-fMRI, and the seven files that are derived from them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from repalign.simulate.features import energy_descriptor, latent_features
from repalign.simulate.laion_captions import ai_captions, human_captions
from repalign.simulate.laion_images import COLOURS, Drawing, LaionImage, draw_image
from repalign.simulate.laion_settings import LaionSimulation
from repalign.simulate.model_features import FAMILIES
from repalign.simulate.seeds import stream
from repalign.simulate.truth import write_json
from repalign.tables import laion_layout as layout

Float64 = NDArray[np.float64]

LABEL = "simulated, not a model"
"""What the attribute `backend` of the simulated embeddings says."""
_WEIGHTS = {
    "CLIP": (0.1, 0.3, 0.4),
    "DINOv2": (0.4, 0.3, 0.1),
    "PEcore": (0.2, 0.3, 0.3),
    "SigLIP2": (0.0, 0.3, 0.5),
}
"""Shares of energy, layout and animacy in each embedding; the rest is noise."""


def write_stimuli(
    root: Path, settings: LaionSimulation, images: Sequence[LaionImage]
) -> dict[str, Float64]:
    """Write ``stimuli/``, ``sourcedata/`` and ``truth/images.json``.

    Parameters
    ----------
    root : Path
        Root of the dataset, with the folder ``truth``.
    settings : LaionSimulation
        Sizes and seed.
    images : sequence of LaionImage
        In the order of the metadata.

    Returns
    -------
    dict of str to ndarray, shape (n_images, n_components)
        Latent features of the images by family, in the same order: what brains respond to.
    """
    (root / "stimuli").mkdir()
    (root / "sourcedata").mkdir()
    drawings = [draw_image(image, settings) for image in images]
    _write_pictures(root / layout.STIMULI, drawings)
    write_rows(root / layout.METADATA, layout.METADATA_COLUMNS, map(_described, images))
    energies = np.stack([energy_descriptor(drawing.shown) for drawing in drawings])
    latents = latent_features([drawing.scene for drawing in drawings], energies)
    write_json(root / "truth" / "images.json", _truth(images, drawings))
    for family in FAMILIES:
        np.save(root / "truth" / f"latents_{family}.npy", latents[family])
    _write_embeddings(root, settings, [image.name for image in images], latents)
    _write_masks(root, settings, images, drawings)
    _write_nouns(root / "sourcedata" / "nouns.tsv", settings)
    _write_captions(root, settings, images, drawings)
    return latents


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file; a field with a comma, a quote or a new line is quoted.

    Parameters
    ----------
    path : Path
        File to write.
    columns : sequence of str
        Its header.
    rows : iterable of sequence
        Its rows.
    """
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def noun_in_tables(noun: str, settings: LaionSimulation) -> str:
    """Return how the tables call a thing: a sign may be a `null`."""
    return "null" if noun == "sign" and settings.null_words else noun


def _described(image: LaionImage) -> tuple[object, ...]:
    seen_by = "shared" if image.is_shared else "unique"
    return image.name, image.dataset, image.participant, seen_by, image.n_reps


def _write_pictures(path: Path, drawings: Sequence[Drawing]) -> None:
    with h5py.File(path, "w") as file:
        kind = h5py.vlen_dtype(np.uint8)
        pictures = file.create_dataset(layout.IMAGES_DATASET, (len(drawings),), kind)
        for k, drawing in enumerate(drawings):
            pictures[k] = np.frombuffer(drawing.encoded, np.uint8)


def _truth(images: Sequence[LaionImage], drawings: Sequence[Drawing]) -> list[dict[str, Any]]:
    return [
        {
            "image_name": image.name,
            "size": list(drawing.size),
            "setting": drawing.scene.layout.setting,
            "objects": [
                {"noun": noun, "area": int(mask.sum()), "box": box_of(mask)}
                for noun, mask in drawing.masks
            ],
        }
        for image, drawing in zip(images, drawings, strict=True)
    ]


def box_of(mask: NDArray[np.bool_]) -> list[int]:
    """Return the bounds of a mask of shape (height, width): first and behind the last pixel."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return [int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1]


def _write_embeddings(
    root: Path, settings: LaionSimulation, names: Sequence[str], latents: dict[str, Float64]
) -> None:
    """Write the four embeddings, mixtures of what brains respond to, in an order of their own."""
    order = stream(settings.seed, "laion embeddings").permutation(len(names))
    ids = [names[k] for k in order.tolist()]
    for number, (label, width) in enumerate(layout.WIDTHS.items()):
        rng = stream(settings.seed, "laion embedding", number)
        weights = np.array(_WEIGHTS[label])
        spaces = np.hstack(
            [latents[family] * np.sqrt(w) for family, w in zip(FAMILIES, weights, strict=True)]
        )
        axes, upper = np.linalg.qr(rng.standard_normal((width, spaces.shape[1])))
        axes *= np.sign(np.diagonal(upper))
        noise = rng.standard_normal((len(names), width)) / np.sqrt(width)
        values = (spaces @ axes.T + noise * np.sqrt(1 - weights.sum()))[order]
        if layout.UNIT_NORM[label]:
            values /= np.linalg.norm(values, axis=1, keepdims=True)
        else:
            values *= 40.0
        with h5py.File(root / layout.EMBEDDINGS.format(label=label), "w") as file:
            # Rounded, so that bytes do not depend on the linear-algebra library.
            file["embedding"] = np.round(values, 5).astype(np.float16)
            file.create_dataset("image_ids", data=ids, dtype=h5py.string_dtype())
            file["valid"] = np.ones(len(ids), bool)
            file.attrs["backend"] = LABEL


def _write_masks(
    root: Path,
    settings: LaionSimulation,
    images: Sequence[LaionImage],
    drawings: Sequence[Drawing],
) -> None:
    """Write the masks of all shared images, best score first, and of some a thing not found."""
    rng = stream(settings.seed, "laion masks")
    size = settings.image_size
    rows: list[tuple[object, ...]] = []
    masks: list[NDArray[np.bool_]] = []
    for image, drawing in zip(images, drawings, strict=True):
        if not image.is_shared:
            continue
        found = [(noun, mask, box_of(mask)) for noun, mask in drawing.masks]
        if image.number % 7 == 2:
            # Noticed, but nowhere in particular.
            found.append(("texture", np.ones((size, size), bool), [0, 0, size, size]))
        counts: dict[str, int] = {}
        scores = np.sort(rng.uniform(0.3, 0.99, len(found)))[::-1].round(4)
        for (noun, mask, box), score in zip(found, scores.tolist(), strict=True):
            name = noun_in_tables(noun, settings)
            instance = counts.get(name, 0)
            counts[name] = instance + 1
            place = int(mask.mean() < layout.FULL_MASK)
            file = f"{Path(image.name).stem}/{name}_{instance}.png"
            rows.append(
                (len(masks), image.name, name, instance, score, *map(float, box), place, file)
            )
            masks.append(mask)
    write_rows(root / layout.MASK_TABLE, layout.MASK_COLUMNS, rows)
    with h5py.File(root / layout.MASKS, "w") as file:
        options = {"chunks": (1, size, size), "compression": "gzip", "shuffle": True}
        stored = np.array(masks, np.uint8).reshape(-1, size, size)
        file.create_dataset(layout.MASKS_DATASET, data=stored, **options)


def _write_nouns(path: Path, settings: LaionSimulation) -> None:
    """Write what to look for, and the colour that it is drawn in."""
    lines = ["noun\tred\tgreen\tblue"]
    for noun, colour in COLOURS.items():
        lines.append("\t".join([noun_in_tables(noun, settings), *map(str, colour)]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_captions(
    root: Path,
    settings: LaionSimulation,
    images: Sequence[LaionImage],
    drawings: Sequence[Drawing],
) -> None:
    """Write the captions, and the two tables that they are merged from."""
    scenes = [drawing.scene for drawing in drawings]
    human, ai = human_captions(images, scenes, settings), ai_captions(images, scenes)
    rows: list[tuple[object, ...]] = []
    for image in images:
        ranked = [row for row in human if row.image_name == image.name]
        rows += [(image.name, 0, "ai", row.caption, row.ai_model, "", row.ai_model)
                 for row in ai if row.image_name == image.name]  # fmt: skip
        rows += [
            (image.name, row.rank, "human", row.caption, row.batch, row.worker, "")
            for row in sorted(ranked, key=lambda row: row.rank)
        ]
    write_rows(root / layout.CAPTIONS, layout.CAPTION_COLUMNS, rows)
    columns = ("image_name", "rank", "caption", "origin_collection", "participant_id")
    sources = root / "sourcedata"
    write_rows(sources / "human_captions.csv", columns, map(tuple, human))
    write_rows(sources / "ai_captions.csv", ("image_name", "caption", "ai_model"), map(tuple, ai))
