"""Two conditions over units: paired or Welch's t tests by column, with corrections."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from repalign.kernels.paired import bonferroni, paired_t
from repalign.kernels.pvalues import benjamini_hochberg

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]

TESTS = ("paired", "welch")
CORRECTIONS = ("bonferroni", "bh")


class Contrast(NamedTuple):
    """Tests of one condition against another, each (n_columns,), float64; NaN where untested."""

    difference: FloatArray
    """Mean of the first less mean of the second, over the units that are tested."""
    t: FloatArray
    """Statistic."""
    df: FloatArray
    """Degrees of freedom."""
    p: FloatArray
    """Two-sided p-value."""
    adjusted: FloatArray
    """The same, corrected for the number of columns that were tested."""


def contrast(first: Array, second: Array, *, test: str, correction: str) -> Contrast:
    """Test each column of two matrices whose rows are the same units.

    Parameters
    ----------
    first, second : array (n_units, n_columns)
        Two conditions; row k of both is the same unit. NaN where undefined.
    test : {'paired', 'welch'}
        Paired t test over the units that have both values, or Welch's test, which takes the
        conditions for independent samples.
    correction : {'bonferroni', 'bh'}
        Multiply by the number of tests, or adjust by Benjamini and Hochberg.

    Returns
    -------
    contrast : Contrast
        No test with fewer than two units, or where nothing varies.

    Raises
    ------
    ValueError
        If shapes differ, or a name is not one of these.
    """
    if first.shape != second.shape or first.ndim != 2:
        raise ValueError(f"shapes {first.shape} and {second.shape}; expected two equal matrices")
    if test not in TESTS or correction not in CORRECTIONS:
        raise ValueError(f"{test!r}, {correction!r}; expected one of {TESTS} and {CORRECTIONS}")
    if test == "paired":
        paired = paired_t(first, second)
        difference, t, df, p = paired.difference, paired.t, paired.df, paired.p
    else:
        sides = (first.T.astype(np.float64), second.T.astype(np.float64))
        columns = [_welch(a, b) for a, b in zip(*sides, strict=True)]
        difference, t, df, p = np.array(columns, dtype=np.float64).reshape(-1, 4).T
    return Contrast(difference, t, df, p, correct(p, correction))


def correct(p: Array, correction: str) -> FloatArray:
    """Correct the p-values of one family of tests.

    Parameters
    ----------
    p : array (n_tests,)
        P-values; NaN marks tests that were not made and do not count.
    correction : {'bonferroni', 'bh'}
        Multiply by the number of tests, or adjust by Benjamini and Hochberg.

    Returns
    -------
    adjusted : array (n_tests,), float64
        At most 1; NaN stays NaN.

    Raises
    ------
    ValueError
        If the correction is another one.
    """
    if correction == "bh":
        return benjamini_hochberg(p)
    if correction != "bonferroni":
        raise ValueError(f"{correction!r}; expected one of {CORRECTIONS}")
    return bonferroni(p)


def _welch(a: FloatArray, b: FloatArray) -> tuple[float, float, float, float]:
    """Test two samples of their own variances."""
    a, b = a[~np.isnan(a)], b[~np.isnan(b)]
    if min(a.size, b.size) < 2 or np.ptp(a) == np.ptp(b) == 0:
        return _untested(a.mean() - b.mean() if a.size and b.size else np.nan)
    result = stats.ttest_ind(a, b, equal_var=False)
    return float(a.mean() - b.mean()), float(result.statistic), float(result.df), result.pvalue


def _untested(difference: float) -> tuple[float, float, float, float]:
    """Return a difference without a test."""
    return float(difference), np.nan, np.nan, np.nan
