"""Paired t tests over subjects, of two conditions or of every two regions."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

from repalign.kernels.pvalues import benjamini_hochberg

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]


class PairedTest(NamedTuple):
    """Outcome of paired t tests, one entry a test, shape (...), float64."""

    difference: FloatArray
    """Mean of first - second."""
    half_width: FloatArray
    """Half the width of the 95 % confidence interval of the mean difference."""
    t: FloatArray
    """Statistic."""
    df: FloatArray
    """Degrees of freedom: pairs without NaN, less one."""
    p: FloatArray
    """Two-sided p-value."""


def paired_t(first: Array, second: Array) -> PairedTest:
    """Test whether the mean difference over subjects is 0.

    Parameters
    ----------
    first, second : array (n_subjects, ...)
        One value a subject and test; a pair with a NaN is left out.

    Returns
    -------
    test : PairedTest
        NaN statistics for fewer than two pairs, and for differences that are all the same.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if first.shape != second.shape or first.ndim == 0:
        raise ValueError(
            f"first and second have shapes {first.shape} and {second.shape}; expected "
            "(n_subjects, ...) both"
        )
    difference = first.astype(np.float64) - second.astype(np.float64)
    known = ~np.isnan(difference)
    count = known.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(known, difference, 0).sum(axis=0) / count
        squares = np.square(np.where(known, difference - mean, 0)).sum(axis=0)
        df = (count - 1).astype(np.float64)
        error = np.sqrt(squares / df / count)
        # Rounding leaves a trace of spread where all differences are equal.
        tested = (count > 1) & (error > 1e-14 * np.abs(mean))
        t = np.where(tested, mean / error, np.nan)
        half_width = np.where(tested, stdtrit(df, 0.975) * error, np.nan)
    p = np.where(tested, 2 * stdtr(df, -np.abs(t)), np.nan)
    return PairedTest(mean, half_width, t, df, p)


def bonferroni(p: Array) -> FloatArray:
    """Adjust the p-values of one family so that they bound the chance of any false rejection.

    Parameters
    ----------
    p : array (n_tests,)
        P-values; NaN marks tests that were not made and do not count.

    Returns
    -------
    adjusted : array (n_tests,), float64
        ``min(1, m p)`` for m tests; NaN stays NaN.
    """
    m = np.count_nonzero(~np.isnan(p))
    adjusted: FloatArray = np.minimum(p.astype(np.float64) * m, 1)
    return adjusted


class PairedTests(NamedTuple):
    """Tests of row against column, all (n_rois, n_rois), float64; NaN where there is no test."""

    difference: FloatArray
    """Mean over subjects of the row's value less the column's."""
    t: FloatArray
    """Paired t statistic of that difference."""
    p: FloatArray
    """Two-sided p-value."""
    q: FloatArray
    """Benjamini-Hochberg adjusted over all pairs of regions that were tested."""


def paired_tests(values: Array) -> PairedTests:
    """Compare every two regions by a paired t test over subjects.

    Parameters
    ----------
    values : array (n_subjects, n_rois)
        NaN where undefined; a pair is tested over the subjects that have both.

    Returns
    -------
    tests : PairedTests
        Those of `paired_t`, and p-values adjusted over all pairs of regions.

    Raises
    ------
    ValueError
        If `values` is not a matrix.
    """
    if values.ndim != 2:
        raise ValueError(f"values of shape {values.shape}; expected (n_subjects, n_rois)")
    test = paired_t(*np.broadcast_arrays(values[:, :, np.newaxis], values[:, np.newaxis, :]))
    q = np.full(test.p.shape, np.nan)
    upper = np.triu_indices(len(q), k=1)
    q[upper] = benjamini_hochberg(test.p[upper])
    q.T[upper] = q[upper]
    return PairedTests(test.difference, test.t, test.p, q)
