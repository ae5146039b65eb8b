"""The published table of language with vision models: its columns, its parts, and their join."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from repalign.errors import RepalignError
from repalign.tables.columns import CATEGORY, field, table_of
from repalign.tables.parquet import parquet_writer

Scores = npt.NDArray[np.float32]

MODEL_MODEL = pa.schema(
    [
        field("model_language", CATEGORY, "name of the language model's feature file"),
        field("model_vision", CATEGORY, "name of the vision model's feature file"),
        field("layer_language", pa.int16(), "layer from 0; -1: all layers flattened into one"),
        field("layer_vision", pa.int16(), "layer from 0; -1: all layers flattened into one"),
        field("batch", pa.uint16(), "batch of consecutive images, from 0"),
        field("metric", CATEGORY, "rsa, unbiased_cka or mutual_knn"),
        field("score", pa.float32(), "similarity of the two layers; NaN where undefined"),
    ]
)
"""Columns of the published table, in order."""


def pair_rows(
    scores: Scores,
    *,
    language: str,
    vision: str,
    batches: Sequence[int],
    metrics: Sequence[str],
    first_layer: int,
) -> pa.Table:
    """Lay out the similarities of two models as rows.

    Parameters
    ----------
    scores : ndarray of float32, shape (n_batches, n_metrics, n_layers_language, n_layers_vision)
        Similarities.
    language, vision : str
        Model keys.
    batches, metrics : sequence
        What the first two axes are.
    first_layer : int
        Number of the first layer of both models: 0, or -1 with all layers flattened.

    Returns
    -------
    pyarrow.Table
        A row a value, in C order of `scores`.

    Raises
    ------
    ValueError
        If the axes do not fit.
    """
    if scores.ndim != 4 or scores.shape[:2] != (len(batches), len(metrics)):
        raise ValueError(
            f"scores of shape {scores.shape} for {len(batches)} batches and {len(metrics)} metrics"
        )
    batch, metric, of_language, of_vision = np.indices(scores.shape, dtype=np.int16)
    return table_of(
        MODEL_MODEL,
        {
            "model_language": language,
            "model_vision": vision,
            "layer_language": of_language.ravel() + np.int16(first_layer),
            "layer_vision": of_vision.ravel() + np.int16(first_layer),
            "batch": np.asarray(batches, dtype=np.uint16)[batch.ravel()],
            "metric": np.asarray(metrics, dtype=str)[metric.ravel()],
            "score": scores.ravel(),
        },
    )


def write_part(
    path: str | Path,
    pairs: Mapping[tuple[str, str], Scores],
    *,
    batches: Sequence[int],
    metrics: Sequence[str],
    first_layer: int,
    record: Mapping[str, Any],
) -> None:
    """Write some batches of all pairs of models, a row group a pair.

    Parameters
    ----------
    path : str or Path
        The part to make.
    pairs : mapping of (str, str) to ndarray
        As for `pair_rows`, by language and vision model, in the order of the table.
    batches, metrics, first_layer
        As for `pair_rows`.
    record : mapping
        Provenance.
    """
    with parquet_writer(path, MODEL_MODEL, record) as writer:
        for (language, vision), scores in pairs.items():
            rows = pair_rows(
                scores,
                language=language,
                vision=vision,
                batches=batches,
                metrics=metrics,
                first_layer=first_layer,
            )
            writer.write_table(rows, row_group_size=max(1, len(rows)))


def join_parts(
    parts: Sequence[str | Path],
    output: str | Path,
    *,
    language: Sequence[str],
    vision: Sequence[str],
    n_batches: int,
    metrics: Sequence[str],
    first_layer: int,
    record: Mapping[str, Any],
) -> int:
    """Bring the batches of each pair of models together, and write a row group a pair.

    Parameters
    ----------
    parts : sequence of path
        From `write_part`; part k holds the batches k, k + n_parts, k + 2 n_parts, ...
    output : str or Path
        The table to write.
    language, vision : sequence of str
        Model keys in the order of the table; all pairs, language major.
    n_batches : int
        Batches of the whole table.
    metrics, first_layer
        As for `pair_rows`.
    record : mapping
        Provenance.

    Returns
    -------
    int
        Number of rows written: n_batches * n_metrics * (layers of all language models) *
        (layers of all vision models).

    Raises
    ------
    RepalignError
        If a part lacks rows, has others or has them in another order, or parts differ in the
        number of layers.
    """
    step = len(parts)
    pairs = list(product(language, vision))
    total = 0
    with ExitStack() as stack, parquet_writer(output, MODEL_MODEL, record) as writer:
        opened = [
            stack.enter_context(
                _Part(path, range(k, n_batches, step), metrics, first_layer, len(pairs))
            )
            for k, path in enumerate(parts[:n_batches])
        ]
        for number, pair in enumerate(pairs):
            found = [part.scores(number, *pair) for part in opened]
            shapes = {scores.shape[1:] for scores in found}
            if len(shapes) != 1:
                layers = sorted(shape[1:] for shape in shapes)
                raise _error(f"layers {layers} of {' and '.join(pair)}", parts[0], "equal parts")
            scores = np.empty((n_batches, *shapes.pop()), np.float32)
            for k, part in enumerate(found):
                scores[k::step] = part
            rows = pair_rows(
                scores,
                language=pair[0],
                vision=pair[1],
                batches=range(n_batches),
                metrics=metrics,
                first_layer=first_layer,
            )
            writer.write_table(rows, row_group_size=len(rows))
            total += len(rows)
    return total


class _Part:
    """An open part, which gives the similarities of one pair of models after the other."""

    def __init__(
        self,
        path: str | Path,
        batches: Sequence[int],
        metrics: Sequence[str],
        first_layer: int,
        n_pairs: int,
    ) -> None:
        self.path, self.batches, self.metrics = path, batches, metrics
        self.first_layer = first_layer
        try:
            self.file = pq.ParquetFile(path, page_checksum_verification=True)
        except (pa.ArrowException, OSError) as error:
            raise _error(f"unreadable ({error})", path, "a complete parquet file") from error
        if self.file.num_row_groups != n_pairs:
            self.file.close()
            found = f"{self.file.num_row_groups} row groups"
            raise _error(found, path, f"one for each of {n_pairs} pairs of models")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def scores(self, number: int, language: str, vision: str) -> Scores:
        """Read a pair's scores (n_batches, n_metrics, n_layers_language, n_layers_vision)."""
        where = f"{self.path}, row group {number}"
        expected = (
            f"batches {list(self.batches)} and metrics {', '.join(self.metrics)} of {language} "
            f"and {vision}, layers from {self.first_layer}, every row once and in order"
        )
        try:
            table = self.file.read_row_group(number)
            scores: Scores = table.column("score").to_numpy()
            layers = [
                len(pc.unique(table.column(f"layer_{side}"))) for side in ("language", "vision")
            ]
        except (pa.ArrowException, OSError, KeyError) as error:
            raise _error(f"unreadable ({error})", where, expected) from error
        shape = (len(self.batches), len(self.metrics), *layers)
        if scores.dtype != np.float32 or scores.size != math.prod(shape):
            raise _error(f"{scores.size} rows of {scores.dtype}", where, expected)
        rows = pair_rows(
            scores.reshape(shape),
            language=language,
            vision=vision,
            batches=self.batches,
            metrics=self.metrics,
            first_layer=self.first_layer,
        )
        for name in MODEL_MODEL.names[:-1]:
            # Texts, because equal texts may stand in dictionaries of another order.
            kind = pa.string() if name in ("model_language", "model_vision", "metric") else None
            ours, theirs = rows.column(name), table.column(name)
            if kind:
                ours, theirs = ours.cast(kind), theirs.cast(kind)
            if not ours.equals(theirs):
                raise _error(f"another column {name}", where, expected)
        return scores.reshape(shape)


def _error(found: str, where: str | Path, expected: str) -> RepalignError:
    return RepalignError(
        found, where=where, expected=expected, remedy="Delete it and run the workflow again."
    )
