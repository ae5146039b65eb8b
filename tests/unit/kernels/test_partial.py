"""Partial similarities against the closed form and against residuals of a regression."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from repalign.kernels.partial import euclidean_rdm, partial_similarity
from repalign.kernels.rdm import n_pairs

TOLERANCE = {np.float32: 1e-5, np.float64: 1e-12}
DTYPES = list(TOLERANCE)


def unit(vectors):
    vectors = vectors - vectors.mean(axis=-1, keepdims=True)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def make(seed, n_x=4, n_y=3, n_controls=2, length=500):
    """Unit vectors of x, y and controls that all share something."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(3, length))
    return [
        unit(rng.normal(size=(n, 3)) @ shared + rng.normal(size=(n, length)))
        for n in (n_x, n_y, n_controls)
    ]


def from_vectors(x, y, c, dtype=np.float64, **kwargs):
    x, y, c = (vectors.astype(dtype) for vectors in (x, y, c))
    return partial_similarity(x @ y.T, x @ c.T, y @ c.T, c @ c.T, **kwargs)


def by_regression(x, y, c):
    """Correlation of the residuals of a least-squares fit with intercept."""
    design = np.column_stack([np.ones(c.shape[1]), c.T])
    left = [v.T - design @ np.linalg.lstsq(design, v.T)[0] for v in (x, y)]
    return np.corrcoef(left[0].T, left[1].T)[: len(x), len(x) :]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_controls", [1, 2, 3, 7])
def test_residual_regression(n_controls, dtype):
    x, y, c = make(n_controls, n_controls=n_controls)
    found = from_vectors(x, y, c, dtype)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, by_regression(x, y, c), atol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
def test_one_control_is_the_first_order_formula(dtype):
    x, y, c = make(10, n_controls=1)
    xy, xc, yc = x @ y.T, x @ c.T, y @ c.T
    expected = (xy - xc * yc.T) / np.sqrt((1 - xc**2) * (1 - yc.T**2))
    np.testing.assert_allclose(from_vectors(x, y, c, dtype), expected, atol=TOLERANCE[dtype])


def test_two_controls_are_the_recursion():
    x, y, c = make(11)
    vectors = np.vstack([x[:1], y[:1], c])
    r = vectors @ vectors.T

    def first(i, j, k):
        return (r[i, j] - r[i, k] * r[j, k]) / np.sqrt((1 - r[i, k] ** 2) * (1 - r[j, k] ** 2))

    xy, xd, yd = first(0, 1, 2), first(0, 3, 2), first(1, 3, 2)
    expected = (xy - xd * yd) / np.sqrt((1 - xd**2) * (1 - yd**2))
    assert np.isclose(from_vectors(x, y, c)[0, 0], expected, atol=1e-12)


def test_the_wishart_precision_matrix_agrees():
    x, y, c = make(12, n_x=1, n_y=1, n_controls=4)
    vectors = np.vstack([x, y, c])
    precision = np.linalg.inv(vectors @ vectors.T)
    expected = -precision[0, 1] / np.sqrt(precision[0, 0] * precision[1, 1])
    assert np.isclose(from_vectors(x, y, c)[0, 0], expected, atol=1e-12)


def test_no_control_and_an_unrelated_one_change_nothing():
    x, y, c = make(13)
    np.testing.assert_array_equal(from_vectors(x, y, c[:0]), x @ y.T)
    away = np.linalg.qr(np.vstack([np.ones(500), x, y, c]).T)[0][:, -1:].T
    away = np.linalg.qr(np.vstack([np.ones(500), x, y, away]).T)[0][:, -1:].T
    np.testing.assert_allclose(from_vectors(x, y, away), x @ y.T, atol=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_vector_that_is_a_control_has_no_partial_similarity(dtype):
    x, y, c = make(14)
    x[1] = c[0]
    y[2] = unit(c[0] - 0.5 * c[1])
    found = from_vectors(x, y, c, dtype)
    expected = np.zeros((4, 3), bool)
    expected[1] = expected[:, 2] = True
    np.testing.assert_array_equal(np.isnan(found), expected)
    assert not np.isinf(found).any()
    assert np.isnan(partial_similarity(*(np.ones((1, 1)),) * 4)).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_collinear_controls_count_once(dtype):
    x, y, c = make(15)
    expected = by_regression(x, y, c)
    for more in (c[[0, 1, 1]], c[[0, 1, 0, 1]], np.vstack([c, unit(c[0] + c[1])]), -c[[0, 0, 1]]):
        np.testing.assert_allclose(from_vectors(x, y, more, dtype), expected, atol=1e-4)
    np.testing.assert_allclose(from_vectors(x, y, c[[0, 0]]), by_regression(x, y, c[:1]))


def test_nearly_collinear_controls_at_the_tolerance():
    x, y, c = make(16)
    away = unit(c[1] - (c[1] @ c[0]) * c[0])

    def pair(distance):  # 1 - correlation
        return np.vstack([c[0], (1 - distance) * c[0] + np.sqrt(2 * distance) * away])

    both, one = by_regression(x, y, c), by_regression(x, y, c[:1])
    assert np.abs(both - one).max() > 0.05
    kept = from_vectors(x, y, unit(pair(1e-4)))
    np.testing.assert_allclose(kept, both, atol=1e-9)
    np.testing.assert_allclose(from_vectors(x, y, unit(pair(1e-6))), one, atol=1e-2)
    np.testing.assert_allclose(
        from_vectors(x, y, unit(pair(1e-6)), tolerance=1e-9), both, atol=1e-6
    )


def test_float32_rounding_at_the_tolerance_stays_small():
    rng = np.random.default_rng(17)
    x, y, c = make(17, n_controls=1, length=100_000)
    x = unit(c + np.geomspace(0.005, 1, 4)[:, np.newaxis] * unit(rng.normal(size=(4, 100_000))))
    y = unit(c + np.geomspace(0.005, 1, 3)[:, np.newaxis] * unit(rng.normal(size=(3, 100_000))))
    found = from_vectors(x, y, c, np.float32)
    np.testing.assert_allclose(found, by_regression(x, y, c), atol=2e-2)


@pytest.mark.parametrize("dtype", DTYPES)
def test_nan_stays_where_it_is(dtype):
    x, y, c = make(18)
    x[1] = np.nan
    y[0] = np.nan
    found = from_vectors(x, y, c, dtype)
    expected = np.zeros((4, 3), bool)
    expected[1] = expected[:, 0] = True
    np.testing.assert_array_equal(np.isnan(found), expected)
    x, y, c = make(18)
    c[1] = np.nan
    assert np.isnan(from_vectors(x, y, c, dtype)).all()


def test_wrong_arguments():
    x, y, c = make(19)
    s, p, r, g = x @ y.T, x @ c.T, y @ c.T, c @ c.T
    for wrong in ((s.T, p, r, g), (s, p[:, :1], r, g), (s, p, r, g[:1]), (s[0], p, r, g)):
        with pytest.raises(ValueError, match="expected"):
            partial_similarity(*wrong)
    with pytest.raises(ValueError, match="differs from 1 by 3"):
        partial_similarity(s, p, r, 4 * g)
    with pytest.raises(ValueError, match=r"asymmetric by 0\.5"):
        partial_similarity(s, p, r, g + np.array([[0, 0.5], [0, 0]]))
    with pytest.raises(ValueError, match="tolerance is 1"):
        partial_similarity(s, p, r, g, tolerance=1)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_dims", [1, 3, 12])
def test_euclidean_rdm_is_scipys(n_dims, dtype):
    rng = np.random.default_rng(20)
    features = rng.normal(3, 2, (40, n_dims)).astype(np.float32)
    found = euclidean_rdm(features, dtype)
    assert found.dtype == dtype
    np.testing.assert_allclose(
        found, unit(pdist(features.astype(float))), atol=TOLERANCE[dtype] / 10
    )
    np.testing.assert_array_equal(found, euclidean_rdm(np.asfortranarray(features), dtype))


def test_repeated_trials_have_distance_0():
    rng = np.random.default_rng(21)
    images = rng.normal(1e4, 1, (15, 4))
    shown = rng.permutation(np.repeat(np.arange(15), 3))
    found = euclidean_rdm(images[shown], np.float64)
    row, column = np.triu_indices(45, 1)
    same = shown[row] == shown[column]
    # The shortest distance, and one number for all of them.
    assert np.unique(found[same]).size == 1
    assert found[same][0] < found[~same].min()


def test_integer_flags_and_float64_are_rounded_to_float32():
    flags = np.array([0, 1, 2, 1, 0], np.uint8)[:, np.newaxis]
    expected = unit(pdist(flags.astype(float), "cityblock"))
    np.testing.assert_allclose(euclidean_rdm(flags), expected, atol=1e-7)
    close = np.array([[1.0], [1.0 + 1e-9], [2.0]])
    two = np.array([[1.0], [1.0], [2.0]])
    np.testing.assert_array_equal(euclidean_rdm(close), euclidean_rdm(two))


@pytest.mark.parametrize(
    "features",
    [np.ones((6, 2)), np.zeros((6, 0)), np.eye(5), np.zeros((2, 3)), np.array([[0.0], [1.0]])],
)
def test_flat_controls_are_nan(features):
    found = euclidean_rdm(features)
    assert found.shape == (n_pairs(len(features)),)
    assert np.isnan(found).all()


def test_no_pairs():
    assert euclidean_rdm(np.zeros((1, 3))).shape == (0,)
    assert euclidean_rdm(np.zeros((0, 3))).shape == (0,)


def test_euclidean_rdm_wrong_arguments():
    with pytest.raises(ValueError, match=r"\(3,\)"):
        euclidean_rdm(np.zeros(3))
    with pytest.raises(ValueError, match="float16"):
        euclidean_rdm(np.zeros((3, 3)), np.float16)
    for wrong in (np.nan, 1e39):
        with pytest.raises(ValueError, match="not finite"):
            euclidean_rdm(np.array([[1.0], [wrong]]))
