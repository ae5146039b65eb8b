"""Patterns less their mean pattern, and their products: what CKA and neighbours start from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import blas

from repalign.kernels.quantiles import check_finite, clip_limits
from repalign.kernels.rdm import CHUNK

Array = npt.NDArray[Any]
Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CentredPatterns:
    """Patterns less their mean pattern, both times a power of two.

    Attributes
    ----------
    values : ndarray of float32 or float64, shape (n_trials, n_dims)
        Within -2 and 2. A column that is constant is 0 to the last bit.
    means : ndarray of float64, shape (n_dims,)
        The mean pattern, in the same unit.
    """

    values: Array
    means: Float64

    @cached_property
    def products(self) -> Array:
        """Return the inner products of all pairs.

        Returns
        -------
        products : ndarray of the dtype of `values`, shape (n_trials, n_trials)
            The upper triangle; zeros below it.
        """
        syrk = blas.ssyrk if self.values.dtype == np.float32 else blas.dsyrk
        # As in rdm.py: the transpose is a Fortran view, and one triangle is formed, the upper.
        upper: Array = syrk(1.0, self.values.T, trans=1, lower=1).T
        return upper

    @property
    def size(self) -> float:
        """Return the mean squared length of the patterns; it sets the rounding of products."""
        return float(np.trace(self.products, dtype=np.float64)) / len(self.values)

    def along_mean(self) -> Float64:
        """Return the inner product of each pattern with the mean pattern.

        Returns
        -------
        products : ndarray of float64, shape (n_trials,)
            Formed in float64, too.
        """
        n_trials, n_dims = self.values.shape
        rows = max(1, CHUNK // n_dims)
        blocks = [self.values[start : start + rows] for start in range(0, n_trials, rows)]
        return np.concatenate([block.astype(np.float64) @ self.means for block in blocks])


def centre(
    patterns: Array, quantile: float | None = None, dtype: npt.DTypeLike = np.float32
) -> CentredPatterns:
    """Clip patterns and take their mean pattern off.

    Parameters
    ----------
    patterns : array (n_trials, n_dims), any integer or floating dtype
        At least one trial and one dimension; never modified.
    quantile : float or None
        Clip all entries to their `quantile` and ``1 - quantile`` quantiles; None does not clip.
    dtype : float32 or float64
        Type of the result. Means are float64.

    Returns
    -------
    CentredPatterns
        What is left, times a power of two that brings squares of any input within range.

    Raises
    ------
    ValueError
        If `patterns` are not finite.
    """
    if quantile is None:
        check_finite(patterns)
        lower, upper = float(patterns.min()), float(patterns.max())
    else:
        lower, upper = clip_limits(patterns, quantile)
    # A power of two keeps the digits.
    factor = math.ldexp(1.0, -max(math.frexp(max(abs(lower), abs(upper)))[1], -1000))
    n_trials, n_dims = patterns.shape
    rows = max(1, CHUNK // n_dims)

    def block(start: int) -> Float64:
        values = patterns[start : start + rows].astype(np.float64, order="C")
        if quantile is not None:
            np.clip(values, lower, upper, out=values)
        values *= factor
        return values

    # Sums of differences from the first trial: a constant column has mean 0 to the last bit.
    origin = block(0)[0].copy()
    total = np.zeros(n_dims)
    for start in range(0, n_trials, rows):
        total += (block(start) - origin).sum(axis=0)
    total /= n_trials
    centred = np.empty((n_trials, n_dims), dtype)
    for start in range(0, n_trials, rows):
        centred[start : start + rows] = (block(start) - origin) - total
    return CentredPatterns(centred, origin + total)
