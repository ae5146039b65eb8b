"""Views of multi-view CCA: Gram matrices, centring, eigenvectors."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import zscore

from repalign.kernels.views import (
    FLOOR,
    centred,
    centred_like,
    decompose,
    linear_gram,
    rbf_gram,
)


@pytest.fixture
def patterns() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(12, 7)) * np.arange(1, 8) + 3


def centring(n: int) -> np.ndarray:
    return np.eye(n) - 1 / n


# ------------------------------------------------------------------ Gram matrices


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int16])
def test_patterns_are_z_scored_over_images(patterns, dtype):
    given = (patterns * 100).astype(dtype)
    gram, n_voxels = linear_gram(given)
    scored = zscore(given.astype(np.float64), axis=0)
    np.testing.assert_allclose(gram, scored @ scored.T, atol=1e-10)
    assert gram.dtype == np.float64
    assert n_voxels == 7


def test_voxels_that_never_vary_take_no_part(patterns):
    dead = np.full((12, 1), 0.1)
    gram, n_voxels = linear_gram(np.hstack([dead, patterns, dead]))
    np.testing.assert_array_equal(gram, linear_gram(patterns)[0])
    assert n_voxels == 7


@pytest.mark.parametrize("given", [np.ones((5, 3)), np.ones((5, 0)), np.ones((1, 3))])
def test_without_any_variation_all_products_are_0(given):
    gram, n_voxels = linear_gram(given)
    np.testing.assert_array_equal(gram, np.zeros((len(given), len(given))))
    assert n_voxels == 0


def test_units_of_voxels_do_not_count(patterns):
    other = patterns * np.logspace(-3, 3, 7) - 5
    np.testing.assert_allclose(linear_gram(other)[0], linear_gram(patterns)[0], atol=1e-10)


def test_gram_matrices_of_areas_add_up(patterns):
    parts = linear_gram(patterns[:, :3])[0] + linear_gram(patterns[:, 3:])[0]
    np.testing.assert_allclose(parts, linear_gram(patterns)[0], atol=1e-12)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_patterns_that_are_not_finite_are_refused(patterns, wrong):
    patterns[3, 2] = wrong
    with pytest.raises(ValueError, match="NaN or infinity"):
        linear_gram(patterns)


def test_a_vector_is_no_pattern():
    with pytest.raises(ValueError, match="shape"):
        linear_gram(np.ones(3))


def test_rbf_is_as_wide_as_the_median_distance(patterns):
    squares = pdist(patterns, "sqeuclidean")
    expected = np.exp(-squareform(squares) / np.median(squares))
    np.testing.assert_allclose(rbf_gram(patterns @ patterns.T), expected, atol=1e-12)


def test_rbf_of_equal_patterns_is_constant():
    np.testing.assert_array_equal(rbf_gram(np.full((3, 3), 2.0)), np.ones((3, 3)))


# ------------------------------------------------------------------ centring


def test_centring_is_that_of_features(patterns):
    moved = patterns - patterns.mean(axis=0)
    np.testing.assert_allclose(centred(patterns @ patterns.T), moved @ moved.T, atol=1e-10)


def test_new_images_are_centred_by_the_old_ones(patterns):
    old, new = patterns[:9], patterns[9:]
    mean = old.mean(axis=0)
    gram = old @ old.T
    scale = np.trace((old - mean) @ (old - mean).T) / 9
    expected = (new - mean) @ (old - mean).T / scale
    np.testing.assert_allclose(centred_like(new @ old.T, gram), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("gram", "message"),
    [
        (np.ones((3, 4)), "square"),
        (np.ones((0, 0)), "square"),
        (np.full((3, 3), np.nan), "NaN"),
        (np.ones((3, 3)), "nothing varies"),
        (np.zeros((3, 3)), "nothing varies"),
    ],
)
def test_what_is_no_kernel_is_refused(gram, message):
    with pytest.raises(ValueError, match=message):
        decompose(gram)


def test_rows_must_fit_the_kernel(patterns):
    with pytest.raises(ValueError, match="3 rows for a kernel of 12 images"):
        decompose(patterns @ patterns.T, np.arange(3))


# ------------------------------------------------------------------ eigenvectors


def test_the_parts_make_up_the_scaled_kernel(patterns):
    view = decompose(patterns @ patterns.T)
    kernel = centring(12) @ patterns @ patterns.T @ centring(12)
    kernel *= 12 / np.trace(kernel)
    np.testing.assert_allclose((view.vectors * view.values) @ view.vectors.T, kernel, atol=1e-10)
    np.testing.assert_allclose(view.vectors.T @ view.vectors, np.eye(view.rank), atol=1e-10)
    assert (np.diff(view.values) <= 0).all()
    assert view.rank == 7


def test_a_scale_common_to_all_voxels_does_not_count(patterns):
    one, other = (decompose(x @ x.T) for x in (patterns, 1e4 * patterns))
    np.testing.assert_allclose(one.values, other.values, rtol=1e-10)


def test_scaling_can_be_left_out(patterns):
    values = np.linalg.eigvalsh(centring(12) @ patterns @ patterns.T @ centring(12))
    found = decompose(patterns @ patterns.T, scaled=False).values
    np.testing.assert_allclose(found, values[::-1][:7], rtol=1e-10)


def test_more_voxels_than_images_leave_one_dimension_less_than_images():
    wide = np.random.default_rng(1).normal(size=(10, 300))
    assert decompose(wide @ wide.T).rank == 9


def test_small_eigenvalues_are_left_out(patterns):
    weak = patterns * np.array([1, 1, 1, 1, 1, 1e-3, 1e-3])
    view = decompose(weak @ weak.T)
    assert view.rank == 5
    assert (view.values > FLOOR).all()


def test_a_signal_rank_keeps_the_largest(patterns):
    whole = decompose(patterns @ patterns.T)
    view = decompose(patterns @ patterns.T, signal_rank=3)
    np.testing.assert_array_equal(view.values, whole.values[:3])
    assert decompose(patterns @ patterns.T, signal_rank=50).rank == 7
