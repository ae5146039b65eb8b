"""Moments of the permutation distribution against all permutations."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import pearson3

from repalign.kernels.moments import (
    THREE_PAIRS,
    NullMoments,
    null_covariance,
    null_moments,
    pearson3_upper_tail,
)


def symmetric(n, k, seed, mean=0.0):
    rng = np.random.default_rng(seed)
    x = rng.gamma(1.0, size=(k, n, n)) + mean
    x = x + x.swapaxes(1, 2)
    x[:, range(n), range(n)] = 99.0  # must be ignored
    return x


def all_products(x, y):
    """<x, P y> (n!, k) of all permutations."""
    n = x.shape[-1]
    low, high = np.triu_indices(n, 1)
    pi = np.array(list(itertools.permutations(range(n))))
    return np.einsum("kp,kdp->dk", x[:, low, high], y[:, pi[:, low], pi[:, high]])


@pytest.mark.parametrize("mean", [0.0, 100.0])
@pytest.mark.parametrize("n", [2, 3, 4, 5, 6, 7])
def test_moments_equal_enumeration(n, mean):
    x, y = symmetric(n, 1, 1, mean), symmetric(n, 1, 2, mean)
    values = all_products(x, y)[:, 0]
    moments = null_moments(x[0], y[0])
    assert moments.mean == pytest.approx(values.mean(), rel=1e-12)
    if n == 2:
        assert moments.variance == pytest.approx(0, abs=1e-12)
        return
    centred = values - values.mean()
    variance = np.mean(centred**2)
    assert moments.variance == pytest.approx(variance, rel=1e-9)
    assert moments.skewness == pytest.approx(np.mean(centred**3) / variance**1.5, rel=1e-7)


@pytest.mark.parametrize("n", [3, 5, 6])
def test_covariances_equal_enumeration(n):
    x, y = symmetric(n, 4, 3), symmetric(n, 4, 4)
    values = all_products(x, y)
    mean, covariance = null_covariance(x, y)
    np.testing.assert_allclose(mean, values.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(covariance, np.cov(values.T, bias=True), rtol=1e-9, atol=1e-12)
    weights = np.array([0.5, 0.25, -1, 2])
    assert weights @ covariance @ weights == pytest.approx(np.var(values @ weights))


def test_shapes_of_three_pairs_count_all_triples():
    for n in (6, 9, 40):
        n_ordered = sum(factor * math.perm(n, k) for factor, k in THREE_PAIRS)
        assert n_ordered == math.comb(n, 2) ** 3


def test_float32_is_summed_in_float64():
    x, y = symmetric(7, 1, 1).astype(np.float32), symmetric(7, 1, 2).astype(np.float32)
    wide = null_moments(x[0].astype(np.float64), y[0].astype(np.float64))
    assert null_moments(x[0], y[0]) == wide


def test_undefined_matrices_give_nan():
    x, y = symmetric(6, 1, 1)[0], symmetric(6, 1, 2)[0]
    x[1, 2] = x[2, 1] = np.nan
    assert all(np.isnan(value) for value in null_moments(x, y))
    assert np.isnan(pearson3_upper_tail(0.0, null_moments(x, y)))


def test_flat_matrices_have_no_tail():
    moments = null_moments(np.ones((5, 5)), symmetric(5, 1, 2)[0])
    assert moments.variance == 0
    assert np.isnan(moments.skewness)
    assert np.isnan(pearson3_upper_tail(0.0, moments))


@pytest.mark.parametrize("skewness", [-2.0, -0.3, -1e-9, 0.0, 1e-3, 0.7, 3.0])
def test_tail_equals_scipy(skewness):
    moments = NullMoments(1.5, 4.0, skewness)
    for value in np.linspace(-6, 9, 31):
        expected = pearson3.sf(value, skewness, loc=1.5, scale=2.0)
        assert pearson3_upper_tail(value, moments) == pytest.approx(expected, abs=2e-7, rel=1e-4)


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 3), (1, 3, 4)])
def test_shapes_are_checked(shape):
    with pytest.raises(ValueError, match="x and y have shapes"):
        null_covariance(np.zeros(shape), np.zeros(shape))
