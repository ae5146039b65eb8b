"""From an observed statistic and its null distribution to corrected p-values and stars."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]

#: Stars of a p-value: the marks and the bound below which each holds, strictest first.
STARS = (("****", 0.0001), ("***", 0.001), ("**", 0.01))

#: Largest p-value that counts as significant; exactly this value does.
SIGNIFICANT = 0.05


class NullTest(NamedTuple):
    """Outcome of a permutation test, one entry per region (n_rois,), float64."""

    mean: FloatArray
    """Mean of the null distribution."""
    sd: FloatArray
    """Population standard deviation of the null distribution."""
    p: FloatArray
    """Two-sided p-value."""


def permutation_pvalues(observed: Array, null: Array) -> NullTest:
    """Two-sided p-values about the mean of the null distribution.

    Parameters
    ----------
    observed : array (n_rois,)
        Observed statistic.
    null : array (n_permutations, n_rois)
        The statistic in each draw.

    Returns
    -------
    test : NullTest
        ``p = (1 + #{|null - mean| >= |observed - mean|}) / (n_permutations + 1)``, so that no
        p-value is below 1 / (n_permutations + 1). NaN where the observed value or a draw is NaN.

    Raises
    ------
    ValueError
        If there is no draw or the shapes do not fit.

    Notes
    -----
    Everything is compared in float64: a float32 null holds what rounding left of it, and the
    observed value is not rounded to match.
    """
    if null.ndim != 2 or len(null) < 1 or observed.shape != null.shape[1:]:
        raise ValueError(
            f"observed and null have shapes {observed.shape} and {null.shape}; expected (n_rois,) "
            "and (n_permutations, n_rois) with at least one permutation"
        )
    values = null.astype(np.float64)
    mean = values.mean(axis=0)
    values -= mean
    sd = np.sqrt(np.square(values).mean(axis=0))
    distance = np.abs(observed.astype(np.float64) - mean)
    # A comparison with NaN is false, which would read as the smallest possible p-value.
    exceeding = np.count_nonzero(np.abs(values) >= distance, axis=0)
    p = (1 + exceeding) / (len(null) + 1)
    return NullTest(mean, sd, np.where(np.isnan(distance), np.nan, p))


def exceedance_pvalues(observed: Array, null: Array) -> FloatArray:
    """One-sided p-values: how often a permutation reaches what was observed.

    Parameters
    ----------
    observed : array, any shape
        Observed statistic.
    null : array (n_permutations, ...)
        The statistic in each draw, each of the shape of `observed`.

    Returns
    -------
    p : array of the shape of `observed`, float64
        ``(1 + #{null >= observed}) / (n_permutations + 1)``. NaN where the observed value or a
        draw is NaN.

    Raises
    ------
    ValueError
        If there is no draw or the shapes do not fit.

    Notes
    -----
    Phipson & Smyth (2010), doi:10.2202/1544-6115.1585: an estimate that is never 0.
    """
    if null.ndim != observed.ndim + 1 or len(null) < 1 or observed.shape != null.shape[1:]:
        raise ValueError(
            f"observed and null have shapes {observed.shape} and {null.shape}; expected one more "
            "axis of at least one permutation"
        )
    count = np.count_nonzero(null >= observed, axis=0)
    unknown = np.isnan(observed) | np.isnan(null).any(axis=0)
    return np.where(unknown, np.nan, (1 + count) / (len(null) + 1))


def benjamini_hochberg(p: Array) -> FloatArray:
    """Adjust the p-values of one comparison so that they bound the false discovery rate.

    Parameters
    ----------
    p : array (n_tests,)
        P-values of one family, 0 to 1; NaN marks tests that were not made and do not count.

    Returns
    -------
    adjusted : array (n_tests,), float64
        Smallest rate at which the step-up procedure rejects each test; NaN stays NaN.

    Raises
    ------
    ValueError
        If a value lies outside 0 to 1, or `p` is not a vector.

    References
    ----------
    Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate: a practical and
    powerful approach to multiple testing. Journal of the Royal Statistical Society B 57, 289-300.
    https://doi.org/10.1111/j.2517-6161.1995.tb02031.x
    """
    if p.ndim != 1:
        raise ValueError(f"p has shape {p.shape}; expected (n_tests,), one comparison at a time")
    adjusted = np.full(p.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    values = p[tested].astype(np.float64)
    if values.size and not 0 <= values.min() <= values.max() <= 1:
        raise ValueError(f"p spans {values.min()} to {values.max()}; expected 0 to 1")
    order = np.argsort(-values, kind="stable")
    ranks = np.arange(values.size, 0, -1)
    stepped = np.minimum.accumulate(values[order] * (values.size / ranks))
    adjusted[tested[order]] = np.minimum(stepped, 1)
    return adjusted


def apa_star(p: float) -> str:
    """Stars of a p-value.

    ``n.s.`` above 0.05, ``*`` up to and including 0.05, ``**`` below 0.01, ``***`` below 0.001,
    ``****`` below 0.0001; the empty string for NaN.
    """
    if np.isnan(p):
        return ""
    if p > SIGNIFICANT:
        return "n.s."
    return next((stars for stars, bound in STARS if p < bound), "*")
