"""Exact moments of the permutation distribution of the product of two RDMs.

The statistic is ``<x, P y> = sum over a < b of x[a, b] * y[pi[a], pi[b]]`` for a uniformly drawn
permutation pi of n trials. Powers of it are sums over tuples of pairs of trials; tuples of the
same shape (which pairs coincide or share a trial) have the same expectation, so sums over
shapes are all that is needed of x and y.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincc, ndtr

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]

#: Skewness below which a Pearson type III distribution is evaluated as a normal one.
NO_SKEW = 1e-6


class NullMoments(NamedTuple):
    """First moments of a permutation distribution."""

    mean: float
    """Expected value."""
    variance: float
    """Variance over all n! permutations."""
    skewness: float
    """Third central moment, in units of the standard deviation; NaN without variance."""


def null_covariance(x: Array, y: Array) -> tuple[FloatArray, FloatArray]:
    """Exact mean and covariance of k statistics under a common random permutation.

    Parameters
    ----------
    x, y : arrays (k, n_trials, n_trials)
        Symmetric matrices; statistic i is ``<x[i], P y[i]>``. The diagonal is ignored.

    Returns
    -------
    mean : array, shape (k,), float64
    covariance : array, shape (k, k), float64
        Over all n! permutations. The variance of a weighted sum of the statistics, such as the
        mean over pairs of subjects, is ``weights @ covariance @ weights``.

    Raises
    ------
    ValueError
        If the shapes do not fit or there are fewer than two trials.

    References
    ----------
    Mantel, N. (1967). The detection of disease clustering and a generalized regression approach.
    Cancer Research 27, 209-220.
    """
    _check(x, y)
    n = x.shape[-1]
    (x_centred, x_mean), (y_centred, y_mean) = _centred(x), _centred(y)
    mean = x_mean * y_mean * (n * (n - 1) / 2)
    # Pairs of pairs that coincide, share one trial, share none; sums over ordered trials.
    shapes = zip((0.5, 1.0, 0.25), (2, 3, 4), _second(x_centred), _second(y_centred), strict=True)
    covariance = np.zeros((len(x), len(x)))
    for factor, n_distinct, of_x, of_y in shapes:
        if n_distinct <= n:
            covariance += factor / math.perm(n, n_distinct) * of_x * of_y
    return mean, covariance


def null_moments(x: Array, y: Array) -> NullMoments:
    """Exact mean, variance and skewness of ``<x, P y>``.

    Parameters
    ----------
    x, y : arrays (n_trials, n_trials)
        Symmetric matrices; the diagonal is ignored.

    Returns
    -------
    moments : NullMoments
        Over all n! permutations, float64; NaN if a matrix holds NaN. Costs two products of
        matrices of this size (for the triangles of the third moment).

    Raises
    ------
    ValueError
        If the shapes do not fit or there are fewer than two trials.

    References
    ----------
    Siemiatycki, J. (1978). Mantel's space-time clustering statistic: computing higher moments and
    a comparison of various data transforms. Journal of Statistical Computation and Simulation 7,
    13-31. https://doi.org/10.1080/00949657808810206

    Kazi-Aoual, F., Hitier, S., Sabatier, R. & Lebreton, J.-D. (1995). Refined approximations to
    permutation tests for multivariate inference. Computational Statistics & Data Analysis 20,
    643-656. https://doi.org/10.1016/0167-9473(94)00064-2
    """
    mean, covariance = null_covariance(x[np.newaxis], y[np.newaxis])
    n = x.shape[-1]
    variance = float(covariance[0, 0])
    third = 0.0
    of_both = (_third(_centred(matrix[np.newaxis])[0][0]) for matrix in (x, y))
    for (factor, n_distinct), (of_x, of_y) in zip(
        THREE_PAIRS, zip(*of_both, strict=True), strict=True
    ):
        if n_distinct <= n:
            third += factor / math.perm(n, n_distinct) * of_x * of_y
    skewness = third / variance**1.5 if variance > 0 else math.nan
    return NullMoments(float(mean[0]), variance, skewness)


def pearson3_upper_tail(value: float, moments: NullMoments) -> float:
    """Probability of `value` or more under a Pearson type III law with the given moments.

    A shifted and scaled gamma distribution; the normal one without skewness. NaN if the moments
    are undefined. An approximation to the permutation distribution that does not sample it.
    """
    mean, variance, skewness = moments
    if not variance > 0 or math.isnan(skewness + value):
        return math.nan
    score = (value - mean) / math.sqrt(variance)
    if abs(skewness) < NO_SKEW:
        return float(ndtr(-score))
    shape = 4 / skewness**2
    scaled = max(0.0, shape + 2 * score / skewness)
    upper = float(gammaincc(shape, scaled))
    return upper if skewness > 0 else 1 - upper


#: Shapes of three pairs of trials: how often a sum over ordered distinct trials counts every
#: ordered triple of pairs of that shape (orders of the pairs over symmetries of the shape), and
#: the number of trials. One pair thrice; twice and touching; twice and apart; triangle; star;
#: path; two that touch and one apart; three apart.
THREE_PAIRS = (
    (1 / 2, 2),
    (3.0, 3),
    (3 / 4, 4),
    (1.0, 3),
    (1.0, 4),
    (3.0, 4),
    (3 / 2, 5),
    (1 / 8, 6),
)


def _second(x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return sums (k, k) over ordered distinct trials of two pairs: equal, touching, apart."""
    rows = x.sum(axis=2)
    total = rows.sum(axis=1)
    flat = x.reshape(len(x), -1)
    equal = flat @ flat.T
    touching = rows @ rows.T - equal
    return equal, touching, np.multiply.outer(total, total) - 2 * equal - 4 * touching


def _third(x: FloatArray) -> tuple[float, ...]:
    """Return sums over ordered distinct trials of three pairs, in the order of `THREE_PAIRS`."""
    rows, squares, cubes = (np.sum(x**power, axis=1) for power in (1, 2, 3))
    total = float(rows.sum())
    same = float(cubes.sum())
    touching_twice = float(squares @ rows) - same
    apart_twice = float(squares.sum()) * total - 4 * touching_twice - 2 * same
    triangle = float(np.vdot(x @ x, x))
    star = float(np.sum(rows**3 - 3 * squares * rows + 2 * cubes))
    path = float(rows @ x @ rows) - 2 * float(squares @ rows) + same - triangle
    two_touch = float(rows @ rows) - float(squares.sum())
    touch_and_apart = two_touch * total - 4 * touching_twice - 2 * triangle - 4 * path - 2 * star
    known = (same, touching_twice, apart_twice, triangle, star, path, touch_and_apart)
    # The cube of the total counts every ordered triple of ordered pairs once.
    counted = sum(8 * f * value for (f, _), value in zip(THREE_PAIRS[:-1], known, strict=True))
    return (*known, total**3 - counted)


def _centred(x: Array) -> tuple[FloatArray, FloatArray]:
    """Matrices (k, n, n) less the mean (k,) of their pairs, with a zero diagonal; and the mean.

    Centring changes the statistic by a constant, and spares the sums their cancellation.
    """
    n = x.shape[-1]
    centred = x.astype(np.float64)
    diagonal = np.arange(n)
    centred[:, diagonal, diagonal] = 0
    mean = centred.sum(axis=(1, 2)) / (n * (n - 1))
    centred -= mean[:, np.newaxis, np.newaxis]
    centred[:, diagonal, diagonal] = 0
    return centred, mean


def _check(x: Array, y: Array) -> None:
    """Refuse anything but two equal stacks of square matrices."""
    if x.ndim != 3 or x.shape != y.shape or x.shape[1] != x.shape[2] or x.shape[1] < 2:
        raise ValueError(
            f"x and y have shapes {x.shape} and {y.shape}; expected the same (k, n_trials, "
            "n_trials) with at least two trials"
        )
