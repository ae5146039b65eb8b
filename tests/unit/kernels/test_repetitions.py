"""Means of clipped repetitions against pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from repalign.kernels.repetitions import CHUNK_VOXELS, mean_patterns

IMAGES = np.array([2, 2, 2, 5, 7, 7, 30])


def expected(patterns, images, quantile):
    values = patterns.astype(np.float64)
    if quantile is not None:
        values = np.clip(values, *np.quantile(values, [quantile, 1 - quantile]))
    return pd.DataFrame(values).groupby(images).mean().to_numpy()


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.float64])
@pytest.mark.parametrize("quantile", [None, 0.0, 0.003, 0.1])
@pytest.mark.parametrize("n_voxels", [1, 5, CHUNK_VOXELS, 2 * CHUNK_VOXELS + 3])
def test_every_image_gets_the_mean_of_its_clipped_patterns(dtype, quantile, n_voxels):
    rng = np.random.default_rng(0)
    patterns = (rng.standard_t(3, (7, n_voxels)) * 1000).astype(dtype)
    before = patterns.copy()
    found = mean_patterns(patterns, IMAGES, quantile)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected(patterns, IMAGES, quantile), rtol=1e-14, atol=1e-9)
    np.testing.assert_array_equal(patterns, before)


def test_limits_come_from_all_trials_and_not_from_the_means():
    patterns = np.zeros((6, 50))
    patterns[0, 0] = 900
    means = mean_patterns(patterns, np.repeat([0, 1], 3), 0.01)
    assert means.max() < 300


def test_one_trial_an_image_is_clipping_alone():
    patterns = np.random.default_rng(1).normal(size=(5, 8))
    found = mean_patterns(patterns, np.arange(5), 0.1)
    np.testing.assert_array_equal(found, expected(patterns, np.arange(5), 0.1))


@pytest.mark.parametrize(("shape", "n"), [((0, 4), 0), ((7, 0), 4)])
def test_nothing_to_average(shape, n):
    images = IMAGES[: shape[0]]
    assert mean_patterns(np.zeros(shape), images).shape == (n, shape[1])


@pytest.mark.parametrize("images", [IMAGES[:-1], IMAGES[::-1], IMAGES[:, None]])
def test_images_that_do_not_fit_are_refused(images):
    with pytest.raises(ValueError, match="ascending"):
        mean_patterns(np.ones((7, 3)), images)


@pytest.mark.parametrize("quantile", [None, 0.003])
def test_values_that_are_not_finite_are_refused(quantile):
    patterns = np.ones((7, 3))
    patterns[2, 1] = np.nan
    with pytest.raises(ValueError, match="trial 2, voxel 1"):
        mean_patterns(patterns, IMAGES, quantile)
