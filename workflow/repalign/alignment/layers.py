"""Layers of models on a batch of images, as vectors whose products are their similarities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from repalign.errors import RepalignError
from repalign.kernels.centred import centre
from repalign.kernels.comparison import rsa
from repalign.kernels.gram import FEWEST_TRIALS, centred_gram_vector
from repalign.kernels.neighbours import centred_neighbours, mutual_knn, unit_rows
from repalign.kernels.quantiles import magnitude_limit
from repalign.kernels.rdm import n_pairs, rdm_vector
from repalign.models.features import Features

Vectors = dict[str, npt.NDArray[Any]]
"""By metric, a row a layer: unit RDM vectors (float32), unit U-centred Gram vectors (float32), or
places of neighbours (int32). NaN, or -1, where a layer has none."""

Float32 = npt.NDArray[np.float32]

METRICS = ("rsa", "unbiased_cka", "mutual_knn")
"""How layers are compared."""

FLATTENED = -1
"""Stands for all layers of a model, one behind the other, as if they were one."""


@dataclass(frozen=True)
class LayerMaker:
    """Makes the vectors of the layers of models, with the choices of a run made once.

    Attributes
    ----------
    metrics : sequence of str
        Some of `METRICS`, in the order wanted.
    topk : int
        Neighbours of an image, for `mutual_knn`.
    outlier_quantile : float
        Features are clamped to plus and minus this quantile of their absolute values; 1 clamps
        nothing.
    outlier_scope : {"batch", "layer"}
        Whether the quantile is taken over all layers together, as published, or of each layer.
    flattened : bool
        Whether the first vector of a model is that of all layers, one behind the other.
    """

    metrics: Sequence[str] = METRICS
    topk: int = 10
    outlier_quantile: float = 0.95
    outlier_scope: Literal["batch", "layer"] = "batch"
    flattened: bool = False

    @property
    def first_layer(self) -> int:
        """Return the number of the first layer that has a vector."""
        return FLATTENED if self.flattened else 0

    def n_rows(self, features: Features) -> int:
        """Return the number of vectors of a model."""
        return features.n_layers - self.first_layer

    def undefined(self, n_images: int) -> list[str]:
        """Return the metrics that so few images leave undefined."""
        fewest = {"rsa": 3, "unbiased_cka": FEWEST_TRIALS, "mutual_knn": self.topk + 1}
        return [metric for metric in self.metrics if n_images < fewest[metric]]

    def empty(self, n_rows: int, n_images: int) -> Vectors:
        """Return room for some vectors."""
        places = (n_rows, n_images * self.topk)
        pairs = (n_rows, n_pairs(n_images))
        return {
            metric: np.empty(places, np.int32)
            if metric == "mutual_knn"
            else np.empty(pairs, np.float32)
            for metric in self.metrics
        }

    def fill(self, features: Features, ids: npt.NDArray[np.int64], out: Vectors) -> None:
        """Compute the vectors of a model on some images.

        Parameters
        ----------
        features : Features
            The model; each layer is read once.
        ids : ndarray of int64, shape (n_images,)
            The images.
        out : dict of str to ndarray
            Receives them; `n_rows` rows of room as `empty` makes it.

        Raises
        ------
        RepalignError
            If the file lacks an image or holds values that are not finite.
        """
        values, columns = self._read(features, ids)
        if self.flattened:
            columns = [slice(None), *columns]
        for row, chosen in enumerate(columns):
            self._fill_row(values[:, chosen], {name: v[row] for name, v in out.items()})

    def compare(self, x: Vectors, y: Vectors) -> Float32:
        """Compare all vectors with all others on the same images.

        Parameters
        ----------
        x, y : dict of str to ndarray, shape (n_rows, length)
            Vectors; of several models together if wanted.

        Returns
        -------
        ndarray of float32, shape (n_metrics, n_rows_x, n_rows_y)
            NaN where a layer has no vector.
        """
        return np.stack(
            [
                mutual_knn(x[metric], y[metric], self.topk)
                if metric == "mutual_knn"
                else rsa(x[metric], y[metric])
                for metric in self.metrics
            ]
        ).astype(np.float32)

    def _read(self, features: Features, ids: npt.NDArray[np.int64]) -> tuple[Float32, list[slice]]:
        """Read and clamp all layers side by side, (n_images, sum of dims); say where each is."""
        ends = np.cumsum([0, *features.dims]).tolist()
        columns = [slice(*pair) for pair in pairwise(ends)]
        values = np.empty((len(ids), ends[-1]), np.float32)
        for layer, chosen in enumerate(columns):
            values[:, chosen] = features.rows(layer, ids)
        if self.outlier_quantile < 1:
            together = self.outlier_scope == "batch"
            for block in [values] if together else [values[:, c] for c in columns]:
                limit = np.float32(magnitude_limit(block, self.outlier_quantile))
                np.clip(block, -limit, limit, out=block)
        return values, columns

    def _fill_row(self, values: Float32, out: Vectors) -> None:
        """Write the vectors of one layer, or of all, into rows of the results."""
        if "rsa" in out:
            rdm_vector(values, None, out=out["rsa"])
        if {"unbiased_cka", "mutual_knn"} & set(out):
            centred = centre(unit_rows(values))
            if "unbiased_cka" in out:
                centred_gram_vector(centred, out["unbiased_cka"])
            if "mutual_knn" in out:
                centred_neighbours(centred, self.topk, out["mutual_knn"])

    def check_memory(
        self, held: Iterable[Features], passing: Iterable[Features], n_images: int, limit_mb: int
    ) -> None:
        """Refuse a batch that needs more memory than a job may use.

        Parameters
        ----------
        held : iterable of Features
            Models whose vectors are kept while others pass.
        passing : iterable of Features
            The others.
        n_images : int
            Images in a batch.
        limit_mb : int
            `resources.memory_mb`.

        Raises
        ------
        RepalignError
            With the memory needed, the model that needs most, and the settings that mend it.
        """
        held = list(held)
        kept = sum(self._vector_bytes(model, n_images) for model in held)
        needs = {model.path: self._working_bytes(model, n_images) for model in (*held, *passing)}
        path = max(needs, key=lambda place: needs[place])
        needed_mb = (kept + needs[path]) / 2**20
        if needed_mb > limit_mb:
            raise RepalignError(
                f"{n_images} images at once, which needs {needed_mb:.0f} MiB",
                where=f"vectors of {len(held)} models and the features of {path}",
                expected=f"at most resources.memory_mb = {limit_mb} MiB",
                remedy="Raise resources.memory_mb, or lower model_model.batch_size.",
            )

    def _vector_bytes(self, model: Features, n_images: int) -> int:
        """Memory of a model's vectors, all of four bytes a value."""
        lengths = [
            n_images * self.topk if metric == "mutual_knn" else n_pairs(n_images)
            for metric in self.metrics
        ]
        return 4 * self.n_rows(model) * sum(lengths)

    def _working_bytes(self, model: Features, n_images: int) -> int:
        """Memory at the peak of one model: features, copies of the widest part, its vectors."""
        width = sum(model.dims)
        widest = width if self.flattened else max(model.dims)
        # Beside the features: rows of norm 1, the same centred; products and what orders them.
        values = n_images * (width + 2 * widest) + 6 * n_images**2
        return 4 * values + self._vector_bytes(model, n_images)
