"""Clip limits against numpy.quantile in float64."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from repalign.kernels import quantiles
from repalign.kernels.quantiles import clip_limits, magnitude_limit

QUANTILES = [0.0, 0.003, 0.1, 1 / 3, 0.5]


def oracle(patterns, quantile):
    return tuple(np.quantile(patterns.astype(np.float64), [quantile, 1 - quantile]))


def large(kind, dtype):
    """Matrices beyond the sorting limit, so that the bracketing search runs."""
    rng = np.random.default_rng(7)
    shape = (150, 1000)
    values = {
        "normal": lambda: rng.normal(0, 300, shape),
        "heavy tails": lambda: rng.standard_t(1.5, shape) * 300,
        "rectified": lambda: np.maximum(rng.normal(-300, 300, shape), 0),
        "nearly all equal": lambda: np.where(rng.random(shape) < 0.0005, 900, 17),
        "two values": lambda: rng.integers(0, 2, shape) * 5,
        "constant": lambda: np.full(shape, 3),
        "sorted": lambda: np.sort(rng.normal(0, 300, shape), axis=None).reshape(shape),
        "a few huge voxels": lambda: (
            rng.normal(0, 1, shape) * np.where(np.arange(1000) % 250, 1, 9e3)
        ),
        "extremes": lambda: rng.choice([-32768, 32767], shape),
    }[kind]()
    return np.clip(values, -32768, 32767).astype(dtype)


KINDS = [
    "normal",
    "heavy tails",
    "rectified",
    "nearly all equal",
    "two values",
    "constant",
    "sorted",
    "a few huge voxels",
    "extremes",
]


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_equals_numpy_to_the_last_bit(kind, dtype):
    patterns = large(kind, dtype)
    before = patterns.copy()
    for quantile in QUANTILES:
        assert clip_limits(patterns, quantile) == oracle(patterns, quantile)
    np.testing.assert_array_equal(patterns, before)


def test_int16_equals_numpy_without_a_cast():
    patterns = large("normal", np.int16)
    assert clip_limits(patterns) == tuple(np.quantile(patterns, [0.003, 0.997]))


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.float64, np.int64, np.uint8])
def test_memory_order_does_not_matter(dtype):
    patterns = large("normal", np.float64).clip(0, 255).astype(dtype)
    expected = oracle(patterns, 0.01)
    assert clip_limits(np.asfortranarray(patterns), 0.01) == expected
    assert clip_limits(patterns.T, 0.01) == expected
    padded = np.full((300, 1003), 99, dtype)
    padded[::2, 1:1001] = patterns
    assert clip_limits(padded[::2, 1:1001], 0.01) == expected
    assert clip_limits(patterns[::-1, ::-1], 0.01) == expected


def test_a_wrong_bracket_falls_back(monkeypatch):
    monkeypatch.setattr(quantiles, "_bracket_rank", lambda n_sample, share: 0)
    patterns = large("normal", np.float32)
    assert clip_limits(patterns) == oracle(patterns, 0.003)


def test_only_the_tails_are_kept(monkeypatch):
    kept = []
    concatenate = np.concatenate
    monkeypatch.setattr(np, "concatenate", lambda parts: kept.append(parts) or concatenate(parts))
    for kind in ("normal", "nearly all equal", "rectified"):
        clip_limits(large(kind, np.float32))
    assert kept
    assert all(sum(map(len, parts)) < 0.02 * 150_000 for parts in kept)


@settings(max_examples=60)
@given(
    hnp.arrays(
        st.sampled_from([np.int16, np.float32, np.float64]),
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=8),
        elements=st.integers(-300, 300),
    ),
    st.floats(0, 0.5),
)
def test_small_matrices(patterns, quantile):
    assert clip_limits(patterns, quantile) == oracle(patterns, quantile)


def test_int16_extremes_do_not_overflow():
    patterns = np.array([[-32768, 32767]], np.int16)
    assert clip_limits(patterns, 0.25) == (-16384.25, 16383.25)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_non_finite_values_are_counted_and_located(value, dtype):
    patterns = np.zeros((5, 7), dtype)
    patterns[3, 2] = patterns[4, 0] = value
    with pytest.raises(ValueError, match=r"2 of 35 .* trial 3, voxel 2"):
        clip_limits(patterns)


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        (np.zeros((0, 4)), r"\(0, 4\)"),
        (np.zeros((4, 0)), r"\(4, 0\)"),
        (np.zeros(4), r"\(4,\)"),
        (np.zeros((2, 2), bool), "bool"),
        (np.zeros((2, 2), complex), "complex128"),
    ],
)
def test_wrong_patterns(patterns, message):
    with pytest.raises(ValueError, match=message):
        clip_limits(patterns)


@pytest.mark.parametrize("quantile", [-0.1, 0.51, np.nan])
def test_wrong_quantile(quantile):
    with pytest.raises(ValueError, match=str(quantile)):
        clip_limits(np.zeros((2, 2)), quantile)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_magnitudes_equal_numpy_to_the_last_bit(kind, dtype):
    features = large(kind, dtype)
    before = features.copy()
    magnitudes = np.abs(features.astype(np.float64))
    for quantile in (0.0, 0.3, 0.95, 0.997, 1.0):
        assert magnitude_limit(features, quantile) == np.quantile(magnitudes, quantile)
    np.testing.assert_array_equal(features, before)


@given(
    features=hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
        elements=st.floats(-1e6, 1e6, width=32),
    ),
    quantile=st.floats(0, 1),
)
@settings(max_examples=200)
def test_magnitudes_of_small_matrices(features, quantile):
    expected = np.quantile(np.abs(features.astype(np.float64)), quantile)
    assert magnitude_limit(features, quantile) == pytest.approx(expected, rel=1e-15, abs=0)


def test_magnitudes_of_some_columns_and_of_any_order():
    features = large("heavy tails", np.float32)
    part = features[:, 100:900]
    expected = np.quantile(np.abs(part.astype(np.float64)), 0.95)
    assert magnitude_limit(part, 0.95) == expected
    assert magnitude_limit(np.asfortranarray(part), 0.95) == expected


@pytest.mark.parametrize(
    ("features", "quantile", "words"),
    [
        (np.zeros((2, 3), np.int16), 0.5, "int16"),
        (np.zeros((0, 3)), 0.5, "at least one"),
        (np.zeros(3), 0.5, "matrix"),
        (np.array([[1.0, np.inf]]), 0.5, "not finite"),
        (np.zeros((2, 3)), 1.5, "1.5"),
    ],
)
def test_magnitudes_of_wrong_arguments(features, quantile, words):
    with pytest.raises(ValueError, match=words):
        magnitude_limit(features, quantile)
