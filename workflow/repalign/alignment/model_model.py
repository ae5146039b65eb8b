"""Language models against vision models, batch by batch of images."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import numpy.typing as npt

from repalign.alignment.layers import LayerMaker, Vectors
from repalign.models.features import Features
from repalign.tables.parquet import read_table
from repalign.tables.progress import progress

log = logging.getLogger("repalign")

Ids = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]


def image_batches(stimuli: str | Path, size: int) -> list[Ids]:
    """Cut the images of a prepared dataset into batches of consecutive ids.

    Parameters
    ----------
    stimuli : str or Path
        `stimuli.parquet`.
    size : int
        Images in a batch.

    Returns
    -------
    list of ndarray of int64, shape (n_images,)
        Ids (`nsd_id`) in ascending order; the last batch may be shorter.
    """
    ids = np.sort(read_table(stimuli).column("nsd_id").to_numpy()).astype(np.int64)
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def compare_on_batches(
    maker: LayerMaker,
    language: Mapping[str, Features],
    vision: Mapping[str, Features],
    batches: Mapping[int, Ids],
    *,
    memory_mb: int,
) -> dict[tuple[str, str], Scores]:
    """Compare all layers of all language models with all layers of all vision models.

    Parameters
    ----------
    maker : LayerMaker
        What is computed of each layer.
    language, vision : mapping of str to Features
        Models by key. Each layer of each is read once a batch.
    batches : mapping of int to ndarray of int64, shape (n_images,)
        Images by number of the batch.
    memory_mb : int
        Memory that may be used, in MiB.

    Returns
    -------
    dict of (str, str) to ndarray of float32
        By language and vision model, language major; each of shape (n_batches, n_metrics,
        n_layers_language, n_layers_vision). NaN where a layer, or a batch that is too short, has
        no similarity; a warning says so of batches.

    Raises
    ------
    RepalignError
        If a file lacks an image or holds values that are not finite, or a batch needs more
        memory.
    """
    longest = max((len(ids) for ids in batches.values()), default=0)
    maker.check_memory(vision.values(), language.values(), longest, memory_mb)
    scores = {
        (x, y): np.empty(
            (len(batches), len(maker.metrics), maker.n_rows(language[x]), maker.n_rows(vision[y])),
            np.float32,
        )
        for x, y in product(language, vision)
    }
    ends = np.cumsum([0, *(maker.n_rows(model) for model in vision.values())]).tolist()
    rows = {name: slice(*pair) for name, pair in zip(vision, pairwise(ends), strict=True)}
    for place, (number, ids) in enumerate(
        progress(batches.items(), "batches of images", total=len(batches))
    ):
        _warn(maker, number, ids)
        of_vision = maker.empty(ends[-1], len(ids))
        for name, model in vision.items():
            maker.fill(model, ids, {metric: v[rows[name]] for metric, v in of_vision.items()})
        for name, model in language.items():
            grid = maker.compare(_vectors(maker, model, ids), of_vision)
            for other, chosen in rows.items():
                scores[name, other][place] = grid[:, :, chosen]
    return scores


def _vectors(maker: LayerMaker, model: Features, ids: Ids) -> Vectors:
    """Return the vectors of one model."""
    out = maker.empty(maker.n_rows(model), len(ids))
    maker.fill(model, ids, out)
    return out


def _warn(maker: LayerMaker, number: int, ids: Ids) -> None:
    """Say which metrics a short batch leaves undefined."""
    undefined = maker.undefined(len(ids))
    if undefined:
        log.warning("batch %d of %d images: %s are NaN", number, len(ids), ", ".join(undefined))
