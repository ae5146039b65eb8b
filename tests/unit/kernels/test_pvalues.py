"""P-values against counting, the textbook step-up and SciPy; stars at their bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import false_discovery_control

from repalign.kernels.pvalues import apa_star, benjamini_hochberg, permutation_pvalues


def test_pvalues_count_both_tails_about_the_mean():
    null = np.array([[-3.0, 1.0], [1.0, 2.0], [2.0, 3.0], [4.0, 6.0]])
    mean, sd, p = permutation_pvalues(np.array([-1.0, 4.0]), null)
    assert mean.tolist() == [1, 3]
    np.testing.assert_allclose(sd, np.sqrt([(16 + 0 + 1 + 9) / 4, (4 + 1 + 0 + 9) / 4]))
    # |-1 - 1| = 2: reached by -3 and 4. |4 - 3| = 1: by 1, 2 and 6.
    np.testing.assert_array_equal(p, [(1 + 2) / 5, (1 + 3) / 5])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_pvalues_follow_the_formula(dtype):
    rng = np.random.default_rng(0)
    null = rng.gamma(2, size=(300, 20)).astype(dtype)
    observed = rng.gamma(2, size=20).astype(dtype)
    test = permutation_pvalues(observed, null)
    for roi in range(20):
        draws = [float(v) for v in null[:, roi]]
        mean = sum(draws) / 300
        hits = sum(abs(v - mean) >= abs(float(observed[roi]) - mean) for v in draws)
        assert test.p[roi] == (1 + hits) / 301
        assert test.sd[roi] == pytest.approx((sum((v - mean) ** 2 for v in draws) / 300) ** 0.5)
    assert all(part.dtype == np.float64 for part in test)


def test_the_floor_is_one_in_n_plus_one():
    null = np.linspace(-1, 1, 10_000)[:, np.newaxis]
    for observed in (5.0, -5.0):
        assert permutation_pvalues(np.array([observed]), null).p[0] == 1 / 10_001


def test_an_observed_value_at_the_mean_has_p_one():
    assert permutation_pvalues(np.array([0.0]), np.array([[-1.0], [1.0]])).p[0] == 1
    assert permutation_pvalues(np.array([2.0]), np.full((5, 1), 2.0)).p[0] == 1


def test_nan_is_not_significant():
    null = np.zeros((4, 3))
    null[2, 1] = np.nan
    test = permutation_pvalues(np.array([np.nan, 1.0, 1.0]), null)
    assert np.isnan(test.p).tolist() == [True, True, False]
    assert test.p[2] == 1 / 5


@pytest.mark.parametrize("shapes", [((3,), (5, 4)), ((3,), (0, 3)), ((3,), (3,))])
def test_shapes_are_checked(shapes):
    with pytest.raises(ValueError, match="observed and null have shapes"):
        permutation_pvalues(np.zeros(shapes[0]), np.zeros(shapes[1]))


def step_up(p, rate):
    """Textbook: reject the k smallest, k the largest rank with p_(k) <= k / m * rate."""
    ranked = sorted(range(len(p)), key=lambda i: p[i])
    largest = 0
    for rank, i in enumerate(ranked, start=1):
        if p[i] * len(p) <= rank * rate:
            largest = rank
    return set(ranked[:largest])


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=30), st.integers(1, 999))
def test_adjusted_values_reject_what_the_step_up_rejects(counts, rate):
    p = np.array(counts) / 1024
    rate = (rate + 0.37) / 1024
    rejected = set(np.flatnonzero(benjamini_hochberg(p) <= rate).tolist())
    assert rejected == step_up(p.tolist(), rate)


@given(arrays(np.float64, st.integers(1, 40), elements=st.floats(0, 1)))
def test_adjusted_values_equal_scipy(p):
    np.testing.assert_allclose(benjamini_hochberg(p), false_discovery_control(p), rtol=1e-14)


def test_missing_tests_do_not_count():
    p = np.array([0.04, np.nan, 0.01, np.nan, 0.02])
    adjusted = benjamini_hochberg(p)
    assert np.isnan(adjusted).tolist() == [False, True, False, True, False]
    np.testing.assert_allclose(adjusted[[0, 2, 4]], [0.04, 0.03, 0.03])
    assert np.isnan(benjamini_hochberg(np.full(3, np.nan))).all()
    assert benjamini_hochberg(np.zeros(0)).size == 0


@pytest.mark.parametrize("p", [[0.5, 1.1], [-0.1], [[0.5]]])
def test_wrong_p_values_are_refused(p):
    with pytest.raises(ValueError, match="p "):
        benjamini_hochberg(np.array(p))


def test_stars():
    above = np.nextafter(0.05, 1)
    stars = {
        1.0: "n.s.",
        above: "n.s.",
        0.05: "*",
        0.01: "*",
        np.nextafter(0.01, 0): "**",
        0.001: "**",
        np.nextafter(0.001, 0): "***",
        0.0001: "***",
        1 / 10_001: "****",
        0.0: "****",
    }
    assert {p: apa_star(p) for p in stars} == stars
    assert apa_star(np.nan) == ""
    assert apa_star(np.float64(0.05)) == "*"
