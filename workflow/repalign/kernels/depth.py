"""Where along the layers of a model something peaks, and curves on a common axis of depth."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from repalign.kernels.aggregates import extreme_place

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]


def relative_depth(layers: Array) -> FloatArray:
    """Depth of each layer: 0 for the first, 1 for the last, whichever number the first has.

    Parameters
    ----------
    layers : array (n_layers,)
        Numbers of the layers, ascending and each once.

    Returns
    -------
    depth : array (n_layers,), float64
        ``(layer - first) / (last - first)``; NaN for a single layer, which is neither.

    Raises
    ------
    ValueError
        If there is no layer, or the numbers do not ascend.
    """
    if layers.ndim != 1 or not layers.size or np.any(np.diff(layers.astype(np.int64)) <= 0):
        raise ValueError(f"layers {layers.tolist()}; expected ascending numbers, at least one")
    first, last = float(layers[0]), float(layers[-1])
    if first == last:
        return np.array([np.nan])
    return (layers.astype(np.float64) - first) / (last - first)


def signed_peak(values: Array) -> tuple[IndexArray, FloatArray]:
    """Find the layer whose value is farthest from 0, and that value with its sign.

    Parameters
    ----------
    values : array (n_layers, ...)
        NaN where undefined.

    Returns
    -------
    layer : array, shape (...), intp
        Position on the first axis, the first one of equals; -1 where no layer has a value.
    peak : array, shape (...), float64
        The value there; NaN where no layer has one.

    Notes
    -----
    The largest of several noisy values lies above the value of the best layer, the more so the
    more layers a model has. A test against a null distribution of the same statistic is fair.
    """
    layer = extreme_place(values, 0)
    peak = np.take_along_axis(values, layer, axis=0)[0].astype(np.float64)
    # Only where all are undefined is the extreme one, too.
    return np.where(np.isnan(peak), -1, layer[0]), peak


def resample_curves(depth: FloatArray, values: Array, n_points: int) -> FloatArray:
    """Bring curves over the layers of a model to points at equal distances of depth.

    Parameters
    ----------
    depth : array (n_layers,)
        As from `relative_depth`, at least two layers.
    values : array (n_layers, ...)
        One curve along the first axis for each of the other entries.
    n_points : int
        Points from depth 0 to depth 1, at least 2.

    Returns
    -------
    curves : array (n_points, ...), float64
        Linear interpolation between neighbouring layers; NaN next to an undefined layer.

    Raises
    ------
    ValueError
        If there are fewer than two layers or points, or shapes do not fit.
    """
    if len(depth) < 2 or n_points < 2 or len(values) != len(depth):
        raise ValueError(
            f"{len(depth)} depths for {len(values)} layers and {n_points} points; expected as "
            "many depths as layers, and at least two of each"
        )
    points = np.linspace(0, 1, n_points)
    below = np.clip(np.searchsorted(depth, points, side="right") - 1, 0, len(depth) - 2)
    share = (points - depth[below]) / (depth[below + 1] - depth[below])
    share = share.reshape(-1, *(1,) * (values.ndim - 1))
    lower, upper = values[below].astype(np.float64), values[below + 1].astype(np.float64)
    # A layer of weight 0 must not make a point undefined.
    blend = np.where(
        share == 0, lower, np.where(share == 1, upper, lower + share * (upper - lower))
    )
    return np.asarray(blend, dtype=np.float64)
