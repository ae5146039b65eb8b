"""Depth of layers, signed peaks and resampled curves, against loops and NumPy's interpolation."""

import numpy as np
import pytest

from repalign.kernels.depth import relative_depth, resample_curves, signed_peak


@pytest.mark.parametrize("first", [0, 1, 7])
def test_depth_is_the_same_whatever_the_first_layer_is_called(first):
    np.testing.assert_allclose(relative_depth(np.arange(5) + first), [0, 0.25, 0.5, 0.75, 1])


def test_a_missing_layer_does_not_shift_the_others():
    np.testing.assert_allclose(relative_depth(np.array([0, 1, 4], dtype=np.uint8)), [0, 0.25, 1])


def test_one_layer_has_no_depth():
    assert np.isnan(relative_depth(np.array([3]))).all()


@pytest.mark.parametrize("layers", [[], [1, 1], [2, 1]])
def test_layers_must_ascend(layers):
    with pytest.raises(ValueError, match="ascending"):
        relative_depth(np.array(layers))


def test_peaks_match_a_loop():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(6, 3, 4))
    values[:, 1, 2] = np.nan
    values[2, 0, 0] = np.nan
    before = values.copy()
    layer, peak = signed_peak(values)
    np.testing.assert_array_equal(values, before)
    for i, j in np.ndindex(3, 4):
        known = [k for k in range(6) if not np.isnan(values[k, i, j])]
        if not known:
            assert layer[i, j] == -1
            assert np.isnan(peak[i, j])
            continue
        best = max(known, key=lambda k: abs(values[k, i, j]))
        assert layer[i, j] == best
        assert peak[i, j] == values[best, i, j]


def test_a_negative_peak_keeps_its_sign():
    layer, peak = signed_peak(np.array([0.1, -0.4, 0.3]))
    assert (int(layer), float(peak)) == (1, -0.4)


@pytest.mark.parametrize("layers", [[0, 1, 2, 3], [1, 2, 5, 9]])
def test_curves_match_numpys_interpolation(layers):
    depth = relative_depth(np.array(layers))
    values = np.random.default_rng(1).normal(size=(4, 3))
    expected = [np.interp(np.linspace(0, 1, 40), depth, column) for column in values.T]
    np.testing.assert_allclose(resample_curves(depth, values, 40).T, expected, atol=1e-14)


def test_undefined_layers_reach_their_neighbourhood_alone():
    values = np.array([0.0, np.nan, 2.0, 3.0, 4.0])
    curve = resample_curves(np.linspace(0, 1, 5), values, 9)
    np.testing.assert_allclose(curve, [0, *[np.nan] * 3, 2, 2.5, 3, 3.5, 4])


def test_curves_need_two_layers():
    with pytest.raises(ValueError, match="at least two"):
        resample_curves(np.array([np.nan]), np.zeros(1), 5)
