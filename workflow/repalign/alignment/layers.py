"""Layers of models on a batch of images, as vectors whose products are their similarities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from repalign.errors import RepalignError
from repalign.kernels.centred import centre
from repalign.kernels.comparison import rsa
from repalign.kernels.gram import centred_gram_vector
from repalign.kernels.neighbours import centred_neighbours, mutual_knn, unit_rows
from repalign.kernels.quantiles import magnitude_limit
from repalign.kernels.rdm import n_pairs, rdm_vector
from repalign.models.features import Features

Array = npt.NDArray[Any]
Float32 = npt.NDArray[np.float32]
Metric = Literal["rsa", "unbiased_cka", "mutual_knn"]

METRICS = ("rsa", "unbiased_cka", "mutual_knn")
"""How layers are compared."""

FLATTENED = -1
"""Stands for all layers of a model, one behind the other, as if they were one."""


@dataclass(frozen=True)
class LayerMaker:
    """Makes the vectors of all layers of a model, with the choices of a run made once.

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
        Whether the first of the vectors is that of all layers, one behind the other.
    """

    metrics: Sequence[str] = METRICS
    topk: int = 10
    outlier_quantile: float = 0.95
    outlier_scope: Literal["batch", "layer"] = "batch"
    flattened: bool = False

    def layers(self, n_layers: int) -> list[int]:
        """Return the numbers of the layers that have vectors, in their order."""
        return list(range(FLATTENED if self.flattened else 0, n_layers))

    def shape(self, metric: str, n_layers: int, n_images: int) -> tuple[int, int]:
        """Return the shape of the vectors of a metric."""
        length = n_images * self.topk if metric == "mutual_knn" else n_pairs(n_images)
        return len(self.layers(n_layers)), length

    def __call__(self, features: Features, ids: npt.NDArray[np.int64]) -> dict[str, Array]:
        """Compute the vectors of a model on some images.

        Parameters
        ----------
        features : Features
            The model; each layer is read once.
        ids : ndarray of int64, shape (n_images,)
            The images.

        Returns
        -------
        dict of str to ndarray, shape (n_layers, length)
            By metric: unit RDM vectors (float32), unit U-centred Gram vectors (float32), places
            of neighbours (int32); NaN, or -1, where a layer has none.

        Raises
        ------
        RepalignError
            If the file lacks an image or holds values that are not finite.
        """
        values, columns = self._read(features, ids)
        if self.flattened:
            columns = [slice(None), *columns]
        n_layers, n_images = features.n_layers, len(ids)
        vectors: dict[str, Array] = {
            metric: np.empty(
                self.shape(metric, n_layers, n_images),
                np.int32 if metric == "mutual_knn" else np.float32,
            )
            for metric in self.metrics
        }
        for row, chosen in enumerate(columns):
            self._fill(values[:, chosen], {name: v[row] for name, v in vectors.items()})
        return vectors

    def compare(self, x: dict[str, Array], y: dict[str, Array]) -> npt.NDArray[np.float32]:
        """Compare all layers of two models on the same images.

        Parameters
        ----------
        x, y : dict of str to ndarray
            Vectors of both.

        Returns
        -------
        ndarray of float32, shape (n_metrics, n_layers_x, n_layers_y)
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

    def _read(
        self, features: Features, ids: npt.NDArray[np.int64]
    ) -> tuple[Float32, list[slice]]:
        """Read and clamp all layers side by side (n_images, sum of dims), and say where each is."""
        ends = np.cumsum([0, *features.dims]).tolist()
        columns = [slice(*pair) for pair in zip(ends[:-1], ends[1:], strict=True)]
        values = np.empty((len(ids), ends[-1]), np.float32)
        for layer, chosen in enumerate(columns):
            values[:, chosen] = features.rows(layer, ids)
        if self.outlier_quantile < 1:
            together = self.outlier_scope == "batch"
            for block in [values] if together else [values[:, c] for c in columns]:
                limit = np.float32(magnitude_limit(block, self.outlier_quantile))
                np.clip(block, -limit, limit, out=block)
        return values, columns

    def _fill(self, values: Float32, out: dict[str, Array]) -> None:
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
        held, passing = list(held), list(passing)
        kept = 4 * sum(self._n_values(model, n_images) for model in held)
        most, model = max(
            ((self._working(model, n_images), model) for model in (*held, *passing)),
            key=lambda pair: pair[0],
        )
        needed_mb = (kept + most) / 2**20
        if needed_mb > limit_mb:
            raise RepalignError(
                f"{n_images} images at once, which needs {needed_mb:.0f} MiB",
                where=f"vectors of {len(held)} models and the features of {model.path}",
                expected=f"at most resources.memory_mb = {limit_mb} MiB",
                remedy="Raise resources.memory_mb, or lower model_model.batch_size.",
            )

    def _n_values(self, model: Features, n_images: int) -> int:
        """Count the values of a model's vectors."""
        shapes = [self.shape(metric, model.n_layers, n_images) for metric in self.metrics]
        return sum(rows * length for rows, length in shapes)

    def _working(self, model: Features, n_images: int) -> int:
        """Bytes at the peak of one model: features, copies of the widest part, its vectors."""
        width = sum(model.dims)
        widest = width if self.flattened else max(model.dims)
        # Beside the features: rows of norm 1, the same centred; products and what orders them.
        values = n_images * (width + 2 * widest) + 6 * n_images**2
        return 4 * (values + self._n_values(model, n_images))
