"""Mutual nearest neighbours against brute force, chance level, ties and layers without any."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repalign.kernels.centred import centre
from repalign.kernels.neighbours import mutual_knn, nearest_neighbours, unit_rows

DTYPES = [np.float32, np.float64]


def brute(patterns: np.ndarray, k: int) -> list[list[int]]:
    """Neighbours of each row by a sort of float64 inner products, smaller index first."""
    x = patterns.astype(np.float64)
    found = []
    for i in range(len(x)):
        others = [j for j in range(len(x)) if j != i]
        others.sort(key=lambda j: (-float(np.dot(x[i], x[j])), j))
        found.append(sorted(others[:k]))
    return found


def lists(places: np.ndarray, n: int, k: int) -> list[list[int]]:
    rows, columns = np.divmod(places.reshape(n, k), n)
    np.testing.assert_array_equal(rows, np.repeat(np.arange(n), k).reshape(n, k))
    return columns.tolist()


def share(x: np.ndarray, y: np.ndarray, k: int) -> float:
    pairs = zip(brute(x, k), brute(y, k), strict=True)
    return float(np.mean([len({*a} & {*b}) / k for a, b in pairs]))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("n", "k"), [(3, 1), (12, 11), (40, 10), (75, 3)])
def test_neighbours_are_those_of_a_sort(n, k, dtype):
    x = np.random.default_rng(n).normal(size=(n, 7)).astype(dtype)
    places = nearest_neighbours(x, k, dtype)
    assert places.dtype == np.int32
    assert lists(places, n, k) == brute(x, k)


@given(
    values=st.lists(st.integers(-3, 3), min_size=24, max_size=24).filter(
        lambda v: len(set(v)) > 2
    ),
    k=st.integers(1, 10),
)
@settings(max_examples=200)
def test_ties_go_to_the_smaller_index(values, k):
    """Rows of opposite pairs have mean 0, so that small whole numbers give exact products."""
    half = np.array(values, dtype=np.float32).reshape(6, 4)
    x = np.concatenate([half, -half])
    places = nearest_neighbours(x, k)
    products = x @ x.T
    others = products[~np.eye(len(x), dtype=bool)]
    if others.min() == others.max():
        assert (places == -1).all()
    else:
        assert lists(places, len(x), k) == brute(x, k)


def test_all_but_parallel_rows_keep_their_order():
    """Cosines that differ by 1e-7: hardly anything is left of that in float32."""
    rng = np.random.default_rng(1)
    x = unit_rows((1000 + rng.normal(size=(60, 20))).astype(np.float32))
    expected = brute(x, 5)
    assert lists(nearest_neighbours(x, 5), 60, 5) == expected
    naive = x @ x.T
    np.fill_diagonal(naive, -np.inf)
    assert [sorted(row) for row in np.argsort(-naive, axis=1)[:, :5].tolist()] != expected


@pytest.mark.parametrize("dtype", DTYPES)
def test_all_layers_with_all_layers_are_counted_exactly(dtype):
    rng = np.random.default_rng(2)
    shared = rng.normal(size=(30, 5))
    x = [shared + rng.normal(size=(30, 5)) for _ in range(3)]
    y = [shared @ rng.normal(size=(5, 9)) + rng.normal(size=(30, 9)) for _ in range(4)]
    stacks = [np.stack([nearest_neighbours(v, 6, dtype) for v in side]) for side in (x, y)]
    table = mutual_knn(*stacks, 6)
    assert table.dtype == np.float64
    expected = [[share(a, b, 6) for b in y] for a in x]
    np.testing.assert_allclose(table, expected, rtol=1e-14)
    np.testing.assert_array_equal(mutual_knn(*stacks[::-1], 6), table.T)
    np.testing.assert_array_equal(np.diagonal(mutual_knn(stacks[0], stacks[0], 6)), 1)


def test_unrelated_layers_share_the_chance_level():
    rng = np.random.default_rng(3)
    n, k = 50, 10
    x, y = (
        np.stack([nearest_neighbours(unit_rows(rng.normal(size=(n, 12))), k) for _ in range(40)])
        for _ in range(2)
    )
    values = mutual_knn(x, y, k)
    # Rows and columns are means of independent pairs of layers in turn: the diagonal alone is.
    independent = np.diagonal(values)
    error = independent.std(ddof=1) / math.sqrt(len(independent))
    assert abs(independent.mean() - k / (n - 1)) < 3 * error
    assert error < 0.01


def test_all_others_are_neighbours_at_most():
    x = np.random.default_rng(4).normal(size=(2, 6, 3))
    places = np.stack([nearest_neighbours(v, 5) for v in x])
    np.testing.assert_array_equal(mutual_knn(places, places, 5), np.ones((2, 2)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "patterns",
    [
        np.ones((20, 4)),
        np.full((20, 4), 0.1) + np.arange(4),
        np.eye(20),
        np.zeros((20, 0)),
        np.random.default_rng(5).normal(size=(6, 4)),
        np.zeros((0, 4)),
    ],
    ids=["constant", "constant rows", "simplex", "no dimensions", "too few", "no stimulus"],
)
def test_layers_without_neighbours_are_undefined_alone(patterns, dtype):
    k = 6
    none = nearest_neighbours(patterns.astype(dtype), k, dtype)
    assert none.shape == (len(patterns) * k,)
    assert (none == -1).all()
    if len(patterns) > k:
        good = nearest_neighbours(np.random.default_rng(6).normal(size=(20, 4)), k)
        table = mutual_knn(np.stack([good, none]), np.stack([none, good, good]), k)
        assert np.isnan(table).tolist() == [[True, False, False], [True, True, True]]


def test_a_row_of_zeros_is_a_tie_and_not_a_reason_to_give_up():
    x = np.random.default_rng(7).normal(size=(10, 3))
    x[4] = 0
    found = lists(nearest_neighbours(x, 3, np.float64), 10, 3)
    assert found[:4] + found[5:] == [row for i, row in enumerate(brute(x, 3)) if i != 4]


@pytest.mark.parametrize("dtype", DTYPES)
def test_unit_rows(dtype):
    x = np.random.default_rng(8).normal(size=(5, 9)).astype(dtype)
    x[2] = 0
    x[3] *= dtype(1e30)
    before = x.copy()
    unit = unit_rows(x)
    assert unit.dtype == dtype
    norms = np.linalg.norm(unit.astype(np.float64), axis=1)
    np.testing.assert_allclose(norms, [1, 1, 0, 1, 1], atol=1e-6)
    np.testing.assert_allclose(unit[0] * np.linalg.norm(x[0]), x[0], rtol=1e-5)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(unit_rows(x[:, ::2]), unit_rows(x[:, ::2].copy()))


def test_the_pattern_along_the_mean():
    x = np.random.default_rng(9).normal(2, 1, size=(8, 5))
    centred = centre(x, dtype=np.float64)
    factor = centred.means[0] / x.mean(axis=0)[0]
    exact = factor**2 * ((x - x.mean(axis=0)) @ x.mean(axis=0))
    np.testing.assert_allclose(centred.along_mean(), exact, atol=1e-14)
    np.testing.assert_allclose(centred.products, np.triu(centred.values @ centred.values.T))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: nearest_neighbours(x, 0), "k is 0"),
        (lambda x: nearest_neighbours(x[0], 2), "expected an integer or floating matrix"),
        (lambda x: nearest_neighbours(x * np.nan, 2), "not finite"),
        (lambda x: nearest_neighbours(x, 2, out=np.empty(3, np.int32)), r"shape \(20,\)"),
        (lambda x: nearest_neighbours(x, 2, out=np.empty(20, np.int64)), "int64"),
        (lambda x: unit_rows(x.astype(int)), "int64"),
        (lambda x: mutual_knn(np.zeros((2, 7), np.int32), np.zeros((2, 7), np.int32), 2), "7"),
        (lambda x: mutual_knn(np.zeros((2, 8), np.int32), np.zeros((2, 6), np.int32), 2), "6"),
        (lambda x: mutual_knn(*np.full((2, 1, 8), 16, np.int32), 2), "place 16"),
    ],
)
def test_wrong_arguments(call, words):
    with pytest.raises(ValueError, match=words):
        call(np.random.default_rng(0).normal(size=(10, 3)))
