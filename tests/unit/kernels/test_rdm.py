"""RDM vectors against a transcription of the published steps, SciPy and rsatoolbox."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from repalign.kernels.rdm import (
    correlation_rdm,
    n_pairs,
    n_trials_of,
    normalise_rdm,
    rdm_vector,
)

TOLERANCE = {np.float32: 1e-5, np.float64: 1e-12}
DTYPES = list(TOLERANCE)


def published(patterns, quantile=0.003, minmax=True):
    """The published steps, one by one in float64; returns the distances and the unit vector."""
    x = patterns.astype(np.float64)
    low, high = np.quantile(x, [quantile or 0, 1 - (quantile or 0)])
    x = np.clip(x, low, high)
    if minmax:
        x = (x - low) / (high - low)
    x = x - x.mean(axis=1, keepdims=True)
    x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    distances = (1 - x @ x.T)[np.triu_indices(len(x), 1)]
    z = distances - distances.mean()
    return distances, z / np.linalg.norm(z)


def make(kind, n_trials=40, n_voxels=60):
    rng = np.random.default_rng(len(kind))
    signal = rng.normal(0, 300, (n_trials, 5)) @ rng.normal(0, 1, (5, n_voxels))
    noisy = signal + rng.normal(0, 300, (n_trials, n_voxels)) + 200
    if kind == "int16":
        return noisy.round().clip(-32768, 32767).astype(np.int16)
    if kind == "int16 extremes":
        return rng.choice(np.array([-32768, 32767], np.int16), (n_trials, n_voxels))
    if kind == "float32":
        return noisy.astype(np.float32)
    if kind == "float64":
        return noisy
    if kind == "heavy tails":
        return (rng.standard_t(1.2, (n_trials, n_voxels)) * 100).astype(np.float32)
    if kind == "ties":
        return rng.integers(0, 3, (n_trials, n_voxels)).astype(np.int16)
    if kind == "constant voxels":
        noisy[:, ::2] = 500
        return noisy
    if kind == "duplicate trials":
        noisy[1::2] = noisy[::2]
        return noisy
    if kind == "large offset":
        return noisy + 1e5
    if kind == "tiny unit":
        return noisy * 1e-30
    if kind == "huge unit":
        return noisy * 1e30
    if kind == "two voxels":
        return noisy[:, :2]
    if kind == "three trials":
        return noisy[:3]
    raise AssertionError(kind)


KINDS = [
    "int16",
    "int16 extremes",
    "float32",
    "float64",
    "heavy tails",
    "ties",
    "constant voxels",
    "duplicate trials",
    "large offset",
    "tiny unit",
    "huge unit",
    "two voxels",
    "three trials",
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("quantile", [0.003, 0.05, None])
@pytest.mark.parametrize("kind", KINDS)
def test_published_steps(kind, quantile, dtype):
    patterns = make(kind)
    before = patterns.copy()
    distances, unit = published(patterns, quantile)
    atol = TOLERANCE[dtype]
    mine = correlation_rdm(patterns, quantile, dtype)
    assert mine.dtype == dtype
    np.testing.assert_allclose(mine, distances, atol=atol, rtol=0)
    vector = rdm_vector(patterns, quantile, dtype)
    assert vector.dtype == dtype
    assert abs(vector.astype(float) @ unit - 1) < atol
    np.testing.assert_allclose(vector, unit, atol=atol, rtol=0)
    np.testing.assert_array_equal(patterns, before)


@pytest.mark.parametrize("kind", ["int16", "float32", "float64", "heavy tails"])
def test_minmax_scaling_changes_nothing(kind):
    scaled, plain = (published(make(kind), minmax=minmax)[1] for minmax in (True, False))
    np.testing.assert_allclose(scaled, plain, atol=1e-14)


@pytest.mark.parametrize("dtype", DTYPES)
def test_scipy_on_clipped_patterns(dtype):
    patterns = make("heavy tails")
    clipped = np.clip(patterns, *np.quantile(patterns.astype(float), [0.003, 0.997]))
    np.testing.assert_allclose(
        correlation_rdm(patterns, dtype=dtype),
        pdist(clipped.astype(float), "correlation"),
        atol=TOLERANCE[dtype],
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_rsatoolbox(dtype):
    rsatoolbox = pytest.importorskip("rsatoolbox")
    patterns = make("float64")
    rdms = rsatoolbox.rdm.calc_rdm(rsatoolbox.data.Dataset(patterns), method="correlation")
    np.testing.assert_allclose(
        correlation_rdm(patterns, None, dtype), rdms.dissimilarities[0], atol=TOLERANCE[dtype]
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_fused_equals_two_steps(dtype):
    patterns = make("int16", 60, 80)
    two_steps = normalise_rdm(correlation_rdm(patterns, dtype=dtype))
    np.testing.assert_allclose(
        rdm_vector(patterns, dtype=dtype), two_steps, atol=TOLERANCE[dtype] / 10
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_unit_vector_has_mean_0_and_norm_1(dtype):
    unit = rdm_vector(make("int16", 400, 30), dtype=dtype).astype(np.float64)
    eps = np.finfo(dtype).eps
    assert abs(unit.mean()) < 4 * eps / np.sqrt(unit.size)
    assert abs(np.linalg.norm(unit) - 1) < 4 * eps


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("source", [np.int16, np.float32, np.float64])
def test_memory_order_does_not_matter(source, dtype):
    patterns = make("int16").astype(source)
    expected = rdm_vector(patterns, dtype=dtype)
    padded = np.zeros((80, 123), source)
    padded[::2, 1:121:2] = patterns
    for view in (np.asfortranarray(patterns), padded[::2, 1:121:2], patterns[::-1][::-1]):
        np.testing.assert_array_equal(rdm_vector(view, dtype=dtype), expected)


def test_blocks_of_rows_join(monkeypatch):
    patterns = make("int16", 50, 30)
    expected = rdm_vector(patterns)
    monkeypatch.setattr("repalign.kernels.rdm.CHUNK", 100)
    np.testing.assert_allclose(rdm_vector(patterns), expected, atol=1e-7)


def test_read_only_input():
    patterns = make("float32")
    patterns.flags.writeable = False
    assert np.isfinite(rdm_vector(patterns)).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_out_is_a_row_of_a_larger_array(dtype):
    patterns = make("int16")
    rows = np.full((3, n_pairs(40)), 7, dtype)
    returned = rdm_vector(patterns, dtype=dtype, out=rows[1])
    assert np.shares_memory(returned, rows)
    np.testing.assert_array_equal(rows[1], rdm_vector(patterns, dtype=dtype))
    assert (rows[[0, 2]] == 7).all()


@pytest.mark.parametrize(
    "out",
    [np.empty(779, np.float32), np.empty(780), np.empty(1560, np.float32)[::2]],
)
def test_out_that_does_not_fit(out):
    with pytest.raises(ValueError, match=r"shape \(780,\)"):
        rdm_vector(make("int16"), out=out)


@settings(max_examples=25)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(3, 12),
    st.integers(2, 12),
    st.floats(0.01, 100),
    st.floats(-100, 100),
)
def test_affine_change_and_order_of_voxels_change_nothing(seed, n, v, slope, intercept):
    rng = np.random.default_rng(seed)
    patterns = rng.normal(0, 1, (n, v)) + rng.normal(0, 1, v)
    expected = correlation_rdm(patterns, None, np.float64)
    for changed in (patterns * slope + intercept, patterns[:, rng.permutation(v)]):
        np.testing.assert_allclose(
            correlation_rdm(changed, None, np.float64), expected, atol=1e-9, rtol=0
        )
    assert ((expected > -1e-12) & (expected < 2 + 1e-12)).all()


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(3, 12), st.sampled_from(DTYPES))
def test_order_of_trials_only_reorders(seed, n, dtype):
    rng = np.random.default_rng(seed)
    patterns = rng.normal(0, 1, (n, 9))
    square = np.zeros((n, n))
    square[np.triu_indices(n, 1)] = correlation_rdm(patterns, 0.1, dtype)
    square += square.T
    order = rng.permutation(n)
    np.testing.assert_allclose(
        correlation_rdm(patterns[order], 0.1, dtype),
        square[np.ix_(order, order)][np.triu_indices(n, 1)],
        atol=TOLERANCE[dtype],
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("value", [0.0, 0.1, 12345.678, -3e7])
def test_constant_trials_have_distance_1(value, dtype):
    for source in (np.float32, np.float64):
        patterns = make("float64", 10, 1001).astype(source)
        patterns[[2, 5]] = value
        square = np.zeros((10, 10))
        square[np.triu_indices(10, 1)] = correlation_rdm(patterns, None, dtype)
        square += square.T
        assert (square[[2, 5]][:, [0, 1, 3, 4, 6, 7, 8, 9]] == 1).all()
        assert square[2, 5] == 1


def test_constant_int16_trial_whose_sum_float32_cannot_hold():
    patterns = make("int16", 6, 999)
    patterns[1] = patterns[4] = 32767
    distances = correlation_rdm(patterns, None)
    assert (distances[[0, 5, 6, 7, 8]] == 1).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "patterns",
    [
        pytest.param(np.zeros((5, 0), np.int16), id="no voxels"),
        pytest.param(np.arange(5.0)[:, None], id="one voxel"),
        pytest.param(np.array([[1, 2], [3, 5], [0, 9], [4, 6]], np.int16), id="two voxels alike"),
        pytest.param(np.full((5, 7), 4, np.int16), id="constant"),
        pytest.param(np.full((5, 7), 0.1, np.float32), id="constant, inexact"),
        pytest.param(np.outer(np.arange(1.0, 21), np.arange(3000) % 97), id="proportional"),
        pytest.param(np.array([[1.0, 2, 4], [2, 1, 7]]), id="two trials"),
    ],
)
def test_flat_rdms_are_nan(patterns, dtype):
    vector = rdm_vector(patterns, None, dtype)
    assert vector.shape == (n_pairs(len(patterns)),)
    assert np.isnan(vector).all()
    if patterns.shape[1]:
        assert np.isfinite(correlation_rdm(patterns, None, dtype)).all()
        assert np.isnan(normalise_rdm(correlation_rdm(patterns, None, dtype))).all()
    else:
        assert np.isnan(correlation_rdm(patterns, None, dtype)).all()


@pytest.mark.parametrize("n_trials", [0, 1])
def test_fewer_than_two_trials_give_an_empty_vector(n_trials):
    patterns = np.zeros((n_trials, 4), np.int16)
    assert correlation_rdm(patterns).shape == rdm_vector(patterns).shape == (0,)


def test_two_voxels_have_distances_0_and_2():
    np.testing.assert_allclose(
        correlation_rdm(np.array([[0, 1], [1, 0], [3, 8]], np.int16), None), [2, 0, 2], atol=1e-6
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_normalise_in_place_or_not(dtype):
    vector = np.random.default_rng(3).normal(5, 1, 1000).astype(dtype)
    before = vector.copy()
    unit = normalise_rdm(vector)
    np.testing.assert_array_equal(vector, before)
    assert normalise_rdm(vector, copy=False) is vector
    np.testing.assert_array_equal(vector, unit)
    centred = before - before.mean(dtype=float)
    np.testing.assert_allclose(unit, centred / np.linalg.norm(centred), atol=TOLERANCE[dtype] / 10)


@pytest.mark.parametrize("dtype", DTYPES)
def test_limit_of_flatness(dtype):
    eps = np.finfo(dtype).eps
    step = np.where(np.arange(1000) % 2, 1, -1)
    assert np.isnan(normalise_rdm((1 + 8 * eps * step).astype(dtype))).all()
    assert np.isfinite(normalise_rdm((1 + 32 * eps * step).astype(dtype))).all()
    small = (1e-20 * (1 + 0.1 * step)).astype(dtype)
    assert np.isnan(normalise_rdm(small)).all()
    assert np.isfinite(normalise_rdm(small, scale=1e-20)).all()


def test_nan_anywhere_is_nan_everywhere():
    assert np.isnan(normalise_rdm(np.array([1.0, np.nan, 3.0]))).all()


def test_numbers_of_pairs_and_trials():
    assert [n_pairs(n) for n in (0, 1, 2, 3, 3000)] == [0, 0, 1, 3, 4_498_500]
    assert [n_trials_of(n) for n in (0, 1, 3, 4_498_500)] == [1, 2, 3, 3000]
    assert n_trials_of(n_pairs(10**9)) == 10**9
    for wrong in (-1, 2, 4_498_501):
        with pytest.raises(ValueError, match=str(wrong)):
            n_trials_of(wrong)
    with pytest.raises(ValueError, match="-2"):
        n_pairs(-2)


@pytest.mark.parametrize("quantile", [0.003, None])
def test_non_finite_patterns_are_refused(quantile):
    patterns = make("float32")
    patterns[3, 4] = np.inf
    with pytest.raises(ValueError, match="trial 3, voxel 4"):
        rdm_vector(patterns, quantile)


@pytest.mark.parametrize("function", [correlation_rdm, rdm_vector])
def test_wrong_arguments(function):
    with pytest.raises(ValueError, match=r"\(3,\)"):
        function(np.zeros(3))
    with pytest.raises(ValueError, match="bool"):
        function(np.zeros((3, 3), bool))
    with pytest.raises(ValueError, match="float16"):
        function(np.zeros((3, 3)), dtype=np.float16)
    with pytest.raises(ValueError, match=r"0\.7"):
        function(np.zeros((3, 3)), 0.7)
    with pytest.raises(ValueError, match="int64"):
        normalise_rdm(np.arange(3))
    with pytest.raises(ValueError, match=r"\(2, 2\)"):
        normalise_rdm(np.zeros((2, 2)))
