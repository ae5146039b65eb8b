"""Cyclic sets against their permutations one by one, and what their draws are worth."""

from __future__ import annotations

import numpy as np
import pytest

from repalign.kernels.cyclic import (
    cyclic_cross_products,
    cyclic_products,
    padded_length,
    wrapped_diagonals,
)
from repalign.kernels.moments import null_covariance, null_moments, pearson3_upper_tail
from repalign.kernels.nulls import permuted_products, pooled_products, square_rdms
from repalign.kernels.permutations import (
    independent_permutations,
    relabelings,
)
from repalign.kernels.rdm import n_pairs, normalise_rdm

from ...permutations import cyclic_permutation

TOLERANCE = {np.float32: 2e-7, np.float64: 1e-13}
DTYPES = list(TOLERANCE)
SIZES = [2, 3, 4, 5, 8, 13, 30, 101]


def unit_vectors(k, n, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(k, n_pairs(n)))
    if n == 2:
        return np.ones((k, 1), dtype)
    return np.array([normalise_rdm(v.astype(dtype)) for v in vectors])


def direct(x, y, seed, set_index):
    """The same draws, evaluated one by one."""
    n = x.shape[-1]
    draws = [cyclic_permutation(seed, set_index * n + t, n) for t in range(n)]
    stacks = [np.ascontiguousarray(m[..., np.newaxis].astype(np.float64)) for m in (x, y)]
    return permuted_products(*stacks, np.array(draws))[:, 0]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", SIZES)
def test_a_set_equals_its_permutations_one_by_one(n, dtype):
    x, y = square_rdms(unit_vectors(2, n, dtype))
    for set_index in (0, 3):
        products = cyclic_products(x, y, *relabelings(5, set_index, n))
        assert products.dtype == np.float64
        expected = direct(x, y, 5, set_index)
        np.testing.assert_allclose(products, expected, rtol=0, atol=TOLERANCE[dtype])


@pytest.mark.parametrize("n", [300, 331])
def test_float32_is_accurate_where_the_products_are_large(n):
    """Identical RDMs and identical relabelings: draw 0 is the identity, with product 1."""
    (x,) = square_rdms(unit_vectors(1, n, np.float32))
    tau, _ = relabelings(5, 0, n)
    wide = cyclic_products(x.astype(np.float64), x.astype(np.float64), tau, tau)
    products = cyclic_products(x, x, tau, tau)
    assert products[0] == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(products, wide, rtol=0, atol=5e-7)


@pytest.mark.parametrize("n", [2, 5, 8, 30, 101])
def test_all_pairs_equal_pair_by_pair(n):
    x, y = square_rdms(unit_vectors(2, n, seed=1)), square_rdms(unit_vectors(3, n, seed=2))
    order = relabelings(1, 0, n)
    products = cyclic_cross_products(x, y, *order)
    assert products.shape == (n, 2, 3)
    for i, j in np.ndindex(2, 3):
        np.testing.assert_allclose(
            products[:, i, j], cyclic_products(x[i], y[j], *order), rtol=0, atol=1e-14
        )


@pytest.mark.parametrize("block", [1, 7, 1000])
def test_blocks_of_diagonals_do_not_matter(monkeypatch, block):
    monkeypatch.setattr("repalign.kernels.cyclic.DIAGONALS", block)
    monkeypatch.setattr("repalign.kernels.cyclic.CROSS_DIAGONALS", block)
    x, y = square_rdms(unit_vectors(2, 40))
    products = cyclic_products(x, y, *relabelings(5, 0, 40))
    np.testing.assert_allclose(products, direct(x, y, 5, 0), rtol=0, atol=1e-14)
    cross = cyclic_cross_products(x[np.newaxis], y[np.newaxis], *relabelings(5, 0, 40))
    np.testing.assert_allclose(cross[:, 0, 0], products, rtol=0, atol=1e-14)


@pytest.mark.parametrize("n", [5, 17, 40])
def test_wrapped_diagonals(n):
    matrix = np.random.default_rng(0).normal(size=(n, n))
    order = relabelings(0, 0, n)[0]
    for diagonals in (range(1, n // 2 + 1), range(n - 2, n), range(n)):
        rows = wrapped_diagonals(matrix, order, diagonals)
        assert rows.shape == (len(diagonals), n)
        for a in range(n):
            expected = [matrix[order[a], order[(a + d) % n]] for d in diagonals]
            assert rows[:, a].tolist() == expected


@pytest.mark.parametrize("n", [1, 515, 750, 1796, 1881, 1907, 2055, 2188, 2371, 3000])
def test_padding_is_enough(n):
    padded = padded_length(n)
    assert padded == n or padded >= 2 * n - 1


def test_one_trial_has_no_pairs():
    one = np.zeros((1, 1))
    assert cyclic_products(one, one, np.array([0]), np.array([0])).tolist() == [0]


@pytest.mark.parametrize("side", [0, 1])
def test_undefined_rdms_stay_alone(side):
    vectors = unit_vectors(4, 12, np.float32)
    vectors[2 * side, 5] = np.nan
    x, y = np.split(square_rdms(vectors), 2)
    order = relabelings(0, 0, 12)
    assert np.isnan(cyclic_products(x[0], y[0], *order)).all()
    undefined = np.isnan(cyclic_cross_products(x, y, *order))
    expected = [[True, True], [False, False]] if side == 0 else [[True, False], [True, False]]
    assert undefined.all(axis=0).tolist() == undefined.any(axis=0).tolist() == expected


def test_pooled_sets_are_the_mean_over_pairs():
    n = 15
    x = dict(enumerate(square_rdms(unit_vectors(3, n, seed=1))))
    y = dict(enumerate(square_rdms(unit_vectors(3, n, seed=2))))
    order = relabelings(0, 0, n)
    pooled = pooled_products(x, y, lambda a, b: cyclic_products(a, b, *order))
    pairs = [cyclic_products(x[i], y[j], *order) for i in x for j in y if i != j]
    np.testing.assert_allclose(pooled, np.mean(pairs, axis=0), rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, y, t, s: (x, y[:5], t, s), "expected the same float dtype and shape"),
        (lambda x, y, t, s: (x.astype(int), y, t, s), "x and y are int64"),
        (lambda x, y, t, s: (x, y, t // 2, s), "tau of shape .* is not a permutation of 0 to 5"),
        (lambda x, y, t, s: (x, y, t, s[:5]), r"sigma of shape \(5,\) is not a permutation"),
    ],
)
def test_wrong_arguments_are_refused(change, message):
    x, y = square_rdms(unit_vectors(2, 6))
    with pytest.raises(ValueError, match=message):
        cyclic_products(*change(x, y, *relabelings(0, 0, 6)))


# What the draws of a set are worth ------------------------------------------------------------


def design(kind, n, seed):
    """Two unit RDMs that share a structure over trials, plus noise, as matrices."""
    rng = np.random.default_rng(seed)
    low, high = np.triu_indices(n, 1)
    time = np.arange(n) / n
    category = np.arange(n) * 4 // n
    structure = {
        "independent": np.zeros(low.size),
        "drifting": np.abs(time[low] - time[high]),
        "categorical": (category[low] != category[high]).astype(float),
    }[kind]
    vectors = [normalise_rdm(structure + 0.1 * rng.normal(size=low.size)) for _ in range(2)]
    return square_rdms(np.array(vectors))


def tail_shares(x, y, n_sets, alpha, relabel_x=True):
    """Share of the draws of each set beyond the Pearson type III quantile, (n_sets,)."""
    n = len(x)
    moments = null_moments(x, y)
    values = np.empty((n_sets, n))
    for k in range(n_sets):
        tau, sigma = relabelings(17, k, n)
        values[k] = cyclic_products(x, y, tau if relabel_x else np.arange(n), sigma)
    grid = np.linspace(moments.mean, values.max(), 2000)
    tails = np.array([pearson3_upper_tail(v, moments) for v in grid])
    return values, (values >= grid[np.argmax(tails <= alpha)]).mean(axis=1)


@pytest.mark.parametrize("kind", ["independent", "drifting", "categorical"])
def test_draws_of_a_set_are_worth_as_many_independent_ones(kind):
    n, n_sets, alpha = 40, 400, 0.05
    x, y = design(kind, n, 1)
    values, shares = tail_shares(x, y, n_sets, alpha)
    moments = null_moments(x, y)
    error = np.sqrt(moments.variance / values.size)
    assert abs(values.mean() - moments.mean) < 4 * error
    assert values.var() == pytest.approx(moments.variance, rel=0.06)
    assert shares.mean() == pytest.approx(alpha, abs=0.01)
    effect = shares.var() * n / (shares.mean() * (1 - shares.mean()))
    # The standard error of a variance over 400 sets is 7 %.
    assert effect < 1.25


def test_without_tau_draws_of_a_set_are_worth_less():
    n, n_sets, alpha = 40, 400, 0.05
    x, y = design("categorical", n, 1)
    _, with_tau = tail_shares(x, y, n_sets, alpha)
    _, without = tail_shares(x, y, n_sets, alpha, relabel_x=False)
    assert without.var() > 2 * with_tau.var()


def test_both_schemes_agree_with_the_exact_moments_of_the_pooled_statistic():
    n, n_draws = 24, 24 * 200
    subjects = dict(enumerate(np.concatenate([design("categorical", n, s) for s in (1, 2)])))
    of_x = np.stack([sum(subjects.values()), *subjects.values()])
    mean, covariance = null_covariance(of_x, of_x)
    weights = np.array([1.0] + [-1.0] * len(subjects)) / (len(subjects) * (len(subjects) - 1))
    variance = weights @ covariance @ weights
    cyclic = np.concatenate(
        [
            pooled_products(
                subjects,
                subjects,
                lambda a, b, k=k: cyclic_products(a, b, *relabelings(3, k, n)),
            )
            for k in range(n_draws // n)
        ]
    )
    draws = independent_permutations(3, 0, n_draws, n)
    columns = {s: np.ascontiguousarray(m[..., np.newaxis]) for s, m in subjects.items()}
    independent = pooled_products(
        columns, columns, lambda a, b: permuted_products(a, b, draws)[:, 0]
    )
    for values in (cyclic, independent):
        assert abs(values.mean() - weights @ mean) < 4 * np.sqrt(variance / n_draws)
        assert values.var() == pytest.approx(variance, rel=0.12)
