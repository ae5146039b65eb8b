"""Products of permuted RDMs against flattening the permuted matrix."""

from __future__ import annotations

import numpy as np
import pytest

from repalign.kernels.nulls import (
    interleave,
    n_pooled_pairs,
    permuted_products,
    pooled_products,
    square_rdms,
)
from repalign.kernels.permutations import independent_permutations
from repalign.kernels.rdm import n_pairs, normalise_rdm

TOLERANCE = {np.float32: 1e-6, np.float64: 1e-13}
DTYPES = list(TOLERANCE)


def unit_vectors(n_rois, n, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n_rois, n_pairs(n))) + rng.normal(size=n_pairs(n))
    return np.array([normalise_rdm(v.astype(dtype)) for v in vectors])


def flatten(matrix):
    return matrix[np.triu_indices(len(matrix), 1)]


def brute_force(x, y, permutations):
    """<x, P y> of condensed vectors (n_rois, n_pairs), by permuting the matrix."""
    rows = []
    for pi in permutations:
        permuted = [flatten(matrix[pi][:, pi]) for matrix in square_rdms(y.astype(np.float64))]
        rows.append([a.astype(np.float64) @ b for a, b in zip(x, permuted, strict=True)])
    return np.array(rows).reshape(len(permutations), len(x))


def flat_position(n, low, high):
    """The published position of pair (low, high) in a condensed RDM."""
    return n_pairs(n) - (n - low) * (n - low - 1) // 2 + (high - low - 1)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 10])
def test_matrices_hold_the_vectors(n):
    vectors = np.random.default_rng(0).normal(size=(4, n_pairs(n)))
    matrices = square_rdms(vectors)
    assert matrices.shape == (4, max(n, 1), max(n, 1))
    assert np.array_equal(np.moveaxis(interleave(vectors), 2, 0), matrices)
    assert np.array_equal(matrices, matrices.swapaxes(1, 2))
    for low in range(n):
        assert not matrices[:, low, low].any()
        for high in range(low + 1, n):
            assert np.array_equal(matrices[:, low, high], vectors[:, flat_position(n, low, high)])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_rois", [1, 3, 8])
@pytest.mark.parametrize("n", [2, 3, 17, 64])
def test_products_equal_flattened_permuted_matrices(n, n_rois, dtype):
    x, y = unit_vectors(n_rois, n, dtype, 1), unit_vectors(n_rois, n, dtype, 2)
    if n == 2:
        x, y = np.ones_like(x), np.ones_like(y)
    permutations = independent_permutations(0, 0, 5, n)
    products = permuted_products(interleave(x), interleave(y), permutations)
    assert products.dtype == np.float64
    np.testing.assert_allclose(
        products, brute_force(x, y, permutations), rtol=0, atol=TOLERANCE[dtype]
    )


@pytest.mark.parametrize("block", [1, 3000, 20_000])
def test_blocks_do_not_matter(monkeypatch, block):
    monkeypatch.setattr("repalign.kernels.nulls.BLOCK_BYTES", block)
    x, y = unit_vectors(3, 40, seed=1), unit_vectors(3, 40, seed=2)
    permutations = independent_permutations(0, 0, 3, 40)
    products = permuted_products(interleave(x), interleave(y), permutations)
    np.testing.assert_allclose(products, brute_force(x, y, permutations), rtol=0, atol=1e-14)


@pytest.mark.parametrize("dtype", DTYPES)
def test_identity_reproduces_the_observed_value(dtype):
    x, y = unit_vectors(8, 50, dtype, 1), unit_vectors(8, 50, dtype, 2)
    observed = np.vecdot(x.astype(np.float64), y.astype(np.float64))
    identity = np.arange(50)[np.newaxis]
    products = permuted_products(interleave(x), interleave(y), identity)
    np.testing.assert_allclose(products[0], observed, rtol=0, atol=TOLERANCE[dtype])


def test_permuting_the_other_side_by_the_inverse_is_the_same():
    x, y = interleave(unit_vectors(2, 30, seed=1)), interleave(unit_vectors(2, 30, seed=2))
    permutations = independent_permutations(0, 0, 4, 30)
    inverse = np.argsort(permutations, axis=1)
    np.testing.assert_allclose(
        permuted_products(x, y, permutations), permuted_products(y, x, inverse), atol=1e-14
    )


def test_same_bytes_whatever_the_sharding(monkeypatch):
    x = interleave(unit_vectors(8, 60, np.float32, 1))
    y = interleave(unit_vectors(8, 60, np.float32, 2))
    monkeypatch.setattr("repalign.kernels.nulls.BLOCK_BYTES", 60_000)
    whole = permuted_products(x, y, independent_permutations(0, 0, 12, 60))
    for size in (1, 5, 11):
        parts = [
            permuted_products(x, y, independent_permutations(0, s, min(s + size, 12), 60))
            for s in range(0, 12, size)
        ]
        assert np.concatenate(parts).tobytes() == whole.tobytes()
    draws = independent_permutations(0, 0, 12, 60)
    for size in (1, 3):
        parts = [
            permuted_products(*(np.ascontiguousarray(m[..., s : s + size]) for m in (x, y)), draws)
            for s in range(0, 8, size)
        ]
        assert np.concatenate(parts, axis=1).tobytes() == whole.tobytes()


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("whole", [True, False])
def test_undefined_regions_stay_alone(side, whole):
    vectors = [unit_vectors(3, 20, np.float32, 1), unit_vectors(3, 20, np.float32, 2)]
    vectors[side][1, slice(None) if whole else 7] = np.nan
    x, y = map(interleave, vectors)
    products = permuted_products(x, y, independent_permutations(0, 0, 6, 20))
    assert np.isnan(products).all(axis=0).tolist() == [False, True, False]
    assert np.isfinite(products[:, [0, 2]]).all()


@pytest.mark.parametrize("subjects", [((1, 2, 3), (1, 2, 3)), ((1, 2), (2, 5, 7)), ((1,), (2,))])
def test_pooled_products_are_the_mean_over_ordered_pairs(subjects):
    n = 25
    x = {s: unit_vectors(4, n, seed=s) for s in subjects[0]}
    y = {s: unit_vectors(4, n, seed=10 + s) for s in subjects[1]}
    permutations = independent_permutations(0, 0, 5, n)
    pairs = [(i, j) for i in x for j in y if i != j]
    expected = np.mean([brute_force(x[i], y[j], permutations) for i, j in pairs], axis=0)
    calls = []

    def product(a, b):
        calls.append(1)
        return permuted_products(a, b, permutations)

    square = [{s: interleave(v) for s, v in side.items()} for side in (x, y)]
    pooled = pooled_products(*square, product)
    np.testing.assert_allclose(pooled, expected, rtol=0, atol=1e-14)
    assert n_pooled_pairs(x, y) == len(pairs)
    assert len(calls) == 1 + len(set(subjects[0]) & set(subjects[1]))
    assert all(np.array_equal(square[0][s], interleave(x[s])) for s in x)


def test_pooled_products_are_undefined_where_a_subject_is():
    x = {s: unit_vectors(2, 10, seed=s) for s in (1, 2)}
    x[2][1] = np.nan
    permutations = independent_permutations(0, 0, 3, 10)
    square = {s: interleave(v) for s, v in x.items()}
    pooled = pooled_products(square, square, lambda a, b: permuted_products(a, b, permutations))
    assert np.isnan(pooled).all(axis=0).tolist() == [False, True]


def test_pooling_needs_two_subjects():
    one = {3: np.zeros((2, 2, 1))}
    with pytest.raises(ValueError, match=r"subjects are \[3\] and \[3\]"):
        pooled_products(one, one, lambda a, _: a)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, y, p: (x, y[:5], p), "expected the same float dtype and shape"),
        (lambda x, y, p: (x, y.astype(np.float32), p), "x and y are float64 .* and float32"),
        (lambda x, y, p: (x, y, p[:, :5]), r"permutations are int64 of shape \(2, 5\)"),
        (lambda x, y, p: (x, y, p * 1.0), "permutations are float64"),
        (lambda x, y, p: (x, y, np.vstack([p, p[0] // 2])), "row 2 is not a permutation of 0 to"),
    ],
)
def test_wrong_arrays_are_refused(change, message):
    x = interleave(unit_vectors(2, 6))
    with pytest.raises(ValueError, match=message):
        permuted_products(*change(x, x, independent_permutations(0, 0, 2, 6)))


def test_vectors_of_no_matrix_are_refused():
    with pytest.raises(ValueError, match="n_pairs is 4"):
        interleave(np.zeros((2, 4)))
    with pytest.raises(ValueError, match="vectors are int64"):
        interleave(np.zeros((2, 3), int))
