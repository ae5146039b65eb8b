"""Z-scores from exact sums: against rationals, and whatever the order and blocks of the sums."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repalign.kernels.zscores import column_scale, scores_from_sums

RESPONSES = st.lists(st.integers(-32768, 32767), min_size=2, max_size=60)


def sums_of(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    wide = values.astype(np.int64)
    return wide.sum(axis=0), (wide * wide).sum(axis=0)


@given(RESPONSES)
def test_they_are_those_of_rationals(values):
    column = np.array(values, np.int16)[:, np.newaxis]
    scores = scores_from_sums(column, *sums_of(column), len(values))[:, 0]
    n = len(values)
    mean = Fraction(sum(values), n)
    variance = sum((value - mean) ** 2 for value in values) / n
    if not variance:
        assert (scores == 0).all()
        return
    exact = [float(value - mean) / float(variance) ** 0.5 for value in values]
    np.testing.assert_allclose(scores, exact, rtol=1e-14, atol=1e-300)


def test_a_constant_factor_and_the_largest_values_do_not_matter():
    rng = np.random.default_rng(0)
    values = rng.integers(-30, 30, (750, 5)).astype(np.int16)
    scores = scores_from_sums(values, *sums_of(values), 750)
    larger = values * np.int16(1000)
    np.testing.assert_allclose(scores_from_sums(larger, *sums_of(larger), 750), scores, rtol=1e-15)
    extremes = np.where(rng.random((750, 3)) < 0.5, -32768, 32767).astype(np.int16)
    found = scores_from_sums(extremes, *sums_of(extremes), 750)
    wide = extremes.astype(float)
    np.testing.assert_allclose(found, (wide - wide.mean(axis=0)) / wide.std(axis=0), rtol=1e-12)


def test_a_constant_unit_is_exactly_0():
    """In float32 the mean of equal values may differ from them, and noise of 1 comes out."""
    values = np.full((750, 2), 12345, np.int16)
    values[0, 1] = 12346
    scores = scores_from_sums(values, *sums_of(values), 750)
    assert (scores[:, 0] == 0).all()
    assert scores[0, 1] == pytest.approx(np.sqrt(749))


def test_shapes_and_sums_that_cannot_be():
    values = np.ones((3, 2), np.int16)
    with pytest.raises(ValueError, match="sums"):
        scores_from_sums(values, np.ones(3), np.ones(2), 3)
    with pytest.raises(ValueError, match="not those of 3"):
        scores_from_sums(values, np.full(2, 10), np.ones(2), 3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scale_of_columns(dtype):
    rows = np.random.default_rng(1).normal(3, 2, (40, 6)).astype(dtype)
    rows[:, 2] = dtype(0.1)
    mean, deviation = column_scale(rows)
    wide = rows.astype(np.float64)
    np.testing.assert_allclose(mean, wide.mean(axis=0), rtol=1e-13)
    assert deviation[2] == 1
    others = np.arange(6) != 2
    np.testing.assert_allclose(deviation[others], wide.std(axis=0)[others], rtol=1e-13)
    assert mean.dtype == deviation.dtype == np.float64
