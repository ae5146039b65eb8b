"""One value per region from layers, sessions, subjects and models of unequal number."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]


def signed_extreme(values: Array, axis: int) -> Array:
    """Signed value of the largest absolute value along an axis.

    Parameters
    ----------
    values : array, floating
        Similarities, say (n_permutations, n_rois, n_layers).
    axis : int
        Axis to reduce; of length 1 or more.

    Returns
    -------
    extreme : array of the dtype of `values`, without `axis`
        The first one if several are equally large; NaN is ignored, and returned where nothing
        else is left.

    Raises
    ------
    ValueError
        If the axis is empty.
    """
    if values.shape[axis] == 0:
        raise ValueError(f"values have shape {values.shape}; expected an entry along axis {axis}")
    return np.take_along_axis(values, extreme_place(values, axis), axis=axis).squeeze(axis)


def extreme_place(values: Array, axis: int) -> npt.NDArray[np.intp]:
    """Return where `signed_extreme` is along an axis.

    Parameters
    ----------
    values : array, floating
        As for `signed_extreme`.
    axis : int
        Axis to reduce; of length 1 or more.

    Returns
    -------
    place : array of intp, shape (..., 1, ...)
        The shape of `values` with 1 for `axis`, for `numpy.take_along_axis`.
    """
    size = np.abs(values)
    size[np.isnan(size)] = -1
    return np.asarray(np.expand_dims(np.argmax(size, axis=axis), axis))


def nested_mean(values: Array, *levels: Array) -> FloatArray:
    """Mean of means: within the innermost groups first, then outwards.

    Parameters
    ----------
    values : array (n_records, ...)
        One record per, say, model, subject and session.
    *levels : arrays, shape (n_records,)
        Labels of the groups, outermost first. ``nested_mean(values, model, subject)`` is the mean
        over sessions within (model, subject), then over subjects within a model, then over
        models.

    Returns
    -------
    mean : array, shape (...), float64
        Not the mean of all records if groups are unequal. NaN is left out at every level (as
        pandas does), and returned where nothing else is left.

    Raises
    ------
    ValueError
        If there are no records or the labels do not fit.
    """
    codes = _codes(len(values), levels)
    means: FloatArray = values.astype(np.float64)
    for depth in range(len(levels), -1, -1):
        groups, group_of = np.unique(codes[:, :depth], axis=0, return_inverse=True)
        means = _group_means(means, group_of.reshape(-1), len(groups))
        codes = groups
    mean: FloatArray = means[0]
    return mean


def _codes(n_records: int, levels: tuple[Array, ...]) -> npt.NDArray[np.int64]:
    """Labels as whole numbers (n_records, n_levels)."""
    wrong = [level.shape for level in levels if level.shape != (n_records,)]
    if n_records == 0 or wrong:
        raise ValueError(
            f"{n_records} records with labels of shapes {wrong or [(0,)]}; expected at least one "
            f"record and labels of shape ({n_records},)"
        )
    codes = np.empty((n_records, len(levels)), np.int64)
    for column, level in enumerate(levels):
        codes[:, column] = np.unique(level, return_inverse=True)[1].reshape(-1)
    return codes


def _group_means(values: FloatArray, group_of: Array, n_groups: int) -> FloatArray:
    """Mean (n_groups, ...) of the records of each group, NaN left out."""
    known = ~np.isnan(values)
    total = np.zeros((n_groups, *values.shape[1:]))
    count = np.zeros_like(total)
    np.add.at(total, group_of, np.where(known, values, 0))
    np.add.at(count, group_of, known)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
