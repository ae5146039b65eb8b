"""Distances of token sets and counts, against loops over sets, SciPy, and their axioms."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse
from scipy.spatial.distance import pdist, squareform

from repalign.kernels.tokens import (
    TOKEN_DISTANCES,
    binary_correlation_rdm,
    count_correlation_rdm,
    jaccard_rdm,
)

ALL = pytest.mark.parametrize("distance", TOKEN_DISTANCES.values(), ids=TOKEN_DISTANCES)
SMALL = arrays(
    np.int64, st.tuples(st.integers(1, 9), st.integers(0, 6)), elements=st.integers(0, 3)
)


def example(n: int = 30, n_tokens: int = 25) -> np.ndarray:
    """Counts in which rows 4 and 9 hold nothing, row 5 everything, and column 3 is absent."""
    counts = np.random.default_rng(0).poisson(0.4, (n, n_tokens))
    counts[[4, 9]] = 0
    counts[5] = 2
    counts[:, 3] = 0
    return counts


def by_sets(counts: np.ndarray) -> list[float]:
    """Jaccard distances, written out over Python sets."""
    sets = [{t for t, n in enumerate(row) if n} for row in counts]
    return [1 - len(a & b) / len(a | b) if a | b else 0.0 for a, b in combinations(sets, 2)]


def by_correlation(counts: np.ndarray) -> list[float]:
    """Correlation distances, written out with numpy.corrcoef over the tokens that there are."""
    present = counts[:, counts.any(axis=0)].astype(float)
    return [
        1 - float(np.corrcoef(a, b)[0, 1]) if min(len(set(a)), len(set(b))) > 1 else 1.0
        for a, b in combinations(present, 2)
    ]


def test_the_distances_are_the_published_three():
    assert list(TOKEN_DISTANCES) == ["jaccard", "correlation", "correlation_freq"]


def test_jaccard_is_one_minus_shared_over_all():
    counts = example()
    found = jaccard_rdm(counts)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, by_sets(counts), rtol=0, atol=1e-15)
    full = counts[counts.any(axis=1)] > 0
    np.testing.assert_allclose(jaccard_rdm(full), pdist(full, "jaccard"), rtol=0, atol=1e-15)


def test_correlations_run_over_the_tokens_that_there_are():
    counts = example()
    np.testing.assert_allclose(count_correlation_rdm(counts), by_correlation(counts), atol=1e-14)
    held = (counts > 0).astype(int)
    np.testing.assert_allclose(binary_correlation_rdm(counts), by_correlation(held), atol=1e-14)
    usual = counts[[k for k in range(30) if k not in (4, 5, 9)]][:, [0, 1, 2, *range(4, 25)]]
    expected = pdist(usual.astype(float), "correlation")
    np.testing.assert_allclose(count_correlation_rdm(usual), expected, atol=1e-14)


def test_texts_without_tokens_are_equal_sets_and_constant_vectors():
    counts = np.array([[0, 0, 0], [0, 0, 0], [1, 0, 2], [1, 1, 1]])
    assert squareform(jaccard_rdm(counts)).tolist()[0] == [0, 0, 1, 1]
    assert jaccard_rdm(counts)[-1] == 1 / 3
    # Token 1 is there through the last row, which holds each once: constant, too.
    assert squareform(count_correlation_rdm(counts))[[0, 1, 3], 2].tolist() == [1, 1, 1]
    assert binary_correlation_rdm(counts)[0] == 1


def test_equal_texts_have_distance_zero_exactly():
    rng = np.random.default_rng(1)
    row = rng.poisson(0.3, 4000)
    counts = np.array([row, row, rng.poisson(0.3, 4000)])
    for distance in TOKEN_DISTANCES.values():
        assert distance(counts)[0] == 0
        assert distance(counts)[1] == distance(counts)[2] > 0


@ALL
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_type_is_that_of_the_result_alone(distance, dtype):
    counts = example()
    found = distance(counts, dtype)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, distance(counts).astype(dtype))


@ALL
@pytest.mark.parametrize(
    "make",
    [
        lambda x: x.astype(np.float32),
        lambda x: x.astype(np.uint8),
        sparse.csr_array,
        sparse.csc_matrix,
        sparse.coo_array,
        np.asfortranarray,
    ],
)
def test_the_form_of_the_counts_does_not_matter(distance, make):
    counts = example()
    given_counts = make(counts)
    np.testing.assert_array_equal(distance(given_counts), distance(counts))
    back = given_counts.toarray() if sparse.issparse(given_counts) else given_counts
    np.testing.assert_array_equal(back, counts)


@ALL
def test_entries_that_are_there_twice_are_added(distance):
    twice = sparse.coo_array(([1, 1, 1, 3], ([0, 0, 1, 2], [1, 1, 0, 1])), shape=(3, 2))
    np.testing.assert_array_equal(distance(twice), distance([[0, 2], [1, 0], [0, 3]]))


@ALL
@pytest.mark.parametrize("shape", [(0, 4), (1, 4), (2, 0)])
def test_few_texts_or_tokens(distance, shape):
    found = distance(np.zeros(shape, int))
    expected = {0: [], 1: [], 2: [0.0 if distance is jaccard_rdm else 1.0]}[shape[0]]
    assert found.tolist() == expected


@ALL
@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([[1, -1]], "-1"),
        ([[0.5, 1]], "0.5"),
        ([[np.nan, 1]], "nan"),
        ([[np.inf, 1]], "inf"),
        ([1, 2], "1 axes"),
        (np.zeros((2, 2), complex), "complex"),
    ],
)
def test_what_are_no_counts_is_refused(distance, counts, message):
    with pytest.raises(ValueError, match=message):
        distance(counts)


def test_counts_whose_products_would_round_are_refused():
    with pytest.raises(ValueError, match="sum of squares"):
        count_correlation_rdm([[10**8, 0], [0, 1]])


@ALL
@given(counts=SMALL)
def test_order_and_unused_tokens_do_not_matter(distance, counts):
    n, n_tokens = counts.shape
    rng = np.random.default_rng(counts.size)
    square = squareform(distance(counts)) if n > 1 else np.zeros((1, 1))
    order = rng.permutation(n)
    if n > 1:
        moved = squareform(distance(counts[order][:, rng.permutation(n_tokens)]))
        np.testing.assert_array_equal(moved, square[np.ix_(order, order)])
    wider = np.hstack([counts, np.zeros((n, 2), int)])
    np.testing.assert_array_equal(distance(wider), distance(counts))
    assert ((distance(counts) >= 0) & (distance(counts) <= 2)).all()


@given(counts=SMALL)
def test_jaccard_is_a_metric_on_sets(counts):
    n = len(counts)
    if n < 2:
        return
    square = squareform(jaccard_rdm(counts))
    sets = [frozenset(np.flatnonzero(row)) for row in counts]
    for i, j in combinations(range(n), 2):
        assert (square[i, j] == 0) == (sets[i] == sets[j])
        assert 0 <= square[i, j] <= 1
        assert (square[i, j] <= square[i] + square[:, j] + 1e-12).all(), "triangle inequality"


@given(counts=SMALL)
def test_both_correlations_agree_with_loops(counts):
    held = (counts > 0).astype(int)
    np.testing.assert_allclose(count_correlation_rdm(counts), by_correlation(counts), atol=1e-12)
    np.testing.assert_allclose(binary_correlation_rdm(counts), by_correlation(held), atol=1e-12)
    np.testing.assert_allclose(jaccard_rdm(counts), by_sets(counts), atol=1e-15)


@given(texts=st.lists(st.lists(st.sampled_from("abcde"), max_size=6), min_size=2, max_size=6))
def test_counts_of_texts(texts):
    """From texts to distances without our counting: `Counter` and set operations."""
    vocabulary = sorted({token for text in texts for token in text})
    counts = [[Counter(text)[token] for token in vocabulary] for text in texts]
    shape = (len(texts), len(vocabulary))
    found = jaccard_rdm(np.array(counts, dtype=int).reshape(shape))
    expected = [
        1 - len(a & b) / max(1, len(a | b)) if a | b else 0
        for a, b in combinations(map(set, texts), 2)
    ]
    np.testing.assert_allclose(found, expected, atol=1e-15)
