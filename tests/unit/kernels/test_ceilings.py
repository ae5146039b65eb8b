"""Noise ceilings of units against loops over images, closed forms and planted variances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repalign.kernels.ceilings import (
    correlation,
    feve,
    noise_ceiling_from_ncsnr,
    oracle_conservative,
    oracle_jackknife,
    trial_variances,
)

MEASURES = {
    "fev": lambda r, i: trial_variances(r, i).fev,
    "jackknife": oracle_jackknife,
    "conservative": oracle_conservative,
    "ceiling": lambda r, i: trial_variances(r, i).noise_ceiling(),
}


def trials(seed=0, n_images=12, n_units=5, most=6, fewest=2, dtype=np.float64):
    """Ragged trials in random order: half signal, half noise, images named at random."""
    rng = np.random.default_rng(seed)
    names = rng.choice(10_000, n_images, replace=False)
    images = rng.permutation(np.repeat(names, rng.integers(fewest, most + 1, n_images)))
    signal = rng.normal(0, 1, (10_000, n_units))
    responses = signal[images] + rng.normal(0, 1, (len(images), n_units))
    return responses.astype(dtype), images


def grouped(responses, images):
    return [responses[images == image] for image in np.unique(images)]


def brute_fev(responses, images):
    total = np.var(responses, axis=0, ddof=1)
    noise = np.mean([g.var(axis=0, ddof=1) for g in grouped(responses, images)], axis=0)
    return (total - noise) / total


def brute_jackknife(responses, images):
    others, own = [], []
    for group in grouped(responses, images):
        for row in range(len(group)):
            own.append(group[row])
            others.append(np.delete(group, row, axis=0).mean(axis=0))
    columns = zip(np.array(own).T, np.array(others).T, strict=True)
    return np.array([np.corrcoef(a, b)[0, 1] for a, b in columns])


def brute_conservative(responses, images):
    groups = grouped(responses, images)
    signal = np.var([g.mean(axis=0) for g in groups], axis=0)
    return np.sqrt(signal / (signal + np.mean([g.var(axis=0) for g in groups], axis=0)))


BRUTE = {"fev": brute_fev, "jackknife": brute_jackknife, "conservative": brute_conservative}


@settings(max_examples=25)
@given(st.sampled_from(sorted(BRUTE)), st.integers(0, 2**32 - 1), st.integers(2, 20))
def test_ragged_repetitions_against_loops(name, seed, n_images):
    responses, images = trials(seed, n_images)
    mine = MEASURES[name](responses, images)
    assert mine.dtype == np.float64
    np.testing.assert_allclose(mine, BRUTE[name](responses, images), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_float32_and_more_units_than_a_chunk(name):
    responses, images = trials(3, n_units=300, dtype=np.float32)
    wide = MEASURES[name](responses.astype(np.float64), images)
    np.testing.assert_allclose(MEASURES[name](responses, images), wide, rtol=1e-12)
    last = MEASURES[name](responses[:, -1:], images)
    np.testing.assert_allclose(last, wide[-1:], rtol=1e-12)


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_order_of_trials_and_names_of_images_do_not_matter(name):
    responses, images = trials(4)
    order = np.random.default_rng(0).permutation(len(images))
    mine = MEASURES[name](responses[order], 20_000 - images[order])
    np.testing.assert_allclose(mine, MEASURES[name](responses, images), rtol=1e-10)


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_planted_variances_are_recovered(name):
    """Signal variance 1, noise variance 3, 20 repetitions of 4000 images."""
    rng = np.random.default_rng(7)
    images = np.tile(np.arange(4000), 20)
    responses = rng.normal(0, 1, (4000, 1))[images] + rng.normal(0, 3**0.5, (len(images), 1))
    conservative = np.sqrt((1 + 3 / 20) / (1 + 3 / 20 + 3 * 19 / 20))
    jackknife = 1 / np.sqrt(4 * (1 + 3 / 19))
    truth = {
        "fev": 1 / 4,
        "jackknife": jackknife,
        "conservative": conservative,
        "ceiling": 100 / (1 + 3 / 20),
    }
    found = MEASURES[name](responses, images)
    np.testing.assert_allclose(found, truth[name], rtol=0.03)
    assert jackknife < 0.5 < conservative  # the true correlation with the mean is sqrt(1/4)


@pytest.mark.parametrize("level", [0.0, 0.1, 1e6])
def test_a_silent_unit_is_flagged_and_harms_no_other(level):
    responses, images = trials(5)
    expected = {name: MEASURES[name](responses, images) for name in MEASURES}
    responses[:, 2] = level
    others = [0, 1, 3, 4]
    for name in MEASURES:
        found = MEASURES[name](responses, images)
        silent = 0 if name == "jackknife" else np.nan
        np.testing.assert_array_equal(found[2], silent, err_msg=name)
        np.testing.assert_array_equal(found[others], expected[name][others])


def test_an_image_shown_once_counts_in_the_total_alone():
    responses, images = trials(6)
    more = np.concatenate([responses, responses[:2] + 50])
    single = np.concatenate([images, [20_001, 20_002]])
    variances = trial_variances(more, single)
    np.testing.assert_allclose(variances.noise, trial_variances(responses, images).noise)
    np.testing.assert_allclose(variances.total, more.var(axis=0, ddof=1))
    for name in ("jackknife", "conservative"):
        expected = MEASURES[name](responses, images)
        np.testing.assert_allclose(MEASURES[name](more, single), expected)


def test_without_repetitions_there_is_no_ceiling():
    responses, images = np.eye(3), np.arange(3)
    for name in MEASURES:
        assert np.isnan(MEASURES[name](responses, images)).all(), name


def test_noise_ceiling_of_one_repetition_is_the_fev():
    variances = trial_variances(*trials(8))
    expected = 100 * np.maximum(variances.fev, 0)
    np.testing.assert_allclose(variances.noise_ceiling(1), expected)


def test_noise_ceiling_uses_the_harmonic_mean_of_repetitions():
    responses, images = trials(9)
    _, counts = np.unique(images, return_counts=True)
    variances = trial_variances(responses, images)
    assert variances.repetitions == pytest.approx(1 / np.mean(1 / counts))
    by_ncsnr = noise_ceiling_from_ncsnr(variances.ncsnr, variances.repetitions)
    np.testing.assert_allclose(variances.noise_ceiling(), by_ncsnr)


def test_without_noise_the_ceiling_is_all():
    images = np.repeat(np.arange(4), 3)
    variances = trial_variances(images[:, np.newaxis] ** 2, images)
    assert variances.fev == 1
    assert np.isposinf(variances.ncsnr)
    assert variances.noise_ceiling() == 100
    assert noise_ceiling_from_ncsnr(variances.ncsnr, 3) == 100


@pytest.mark.parametrize(
    ("ncsnr", "n", "expected"),
    [(0, 3, 0), (1, 1, 50), (1, 3, 75), (np.nan, 3, np.nan), (0.5, 4, 50)],
)
def test_ceiling_from_ncsnr(ncsnr, n, expected):
    found = noise_ceiling_from_ncsnr(np.array([[ncsnr]], np.float32), n)
    assert found.shape == (1, 1)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, expected)


def test_feve_is_1_at_the_signal_and_0_at_the_mean():
    rng = np.random.default_rng(10)
    images = np.tile(np.arange(300), 10)
    signal = rng.normal(0, 1, (300, 4))[images]
    responses = signal + rng.normal(0, 1, signal.shape)
    np.testing.assert_allclose(feve(responses, signal, images), 1, atol=0.02)
    flat = np.broadcast_to(responses.mean(axis=0), responses.shape)
    # The error of the mean is the variance with ddof 0.
    np.testing.assert_allclose(feve(responses, flat, images), 0, atol=1e-3)


def test_correlations_of_predictions():
    responses, _ = trials(11)
    predictions = responses + np.random.default_rng(0).normal(0, 1, responses.shape)
    single = correlation(responses, predictions)
    expected = [np.corrcoef(a, b)[0, 1] for a, b in zip(responses.T, predictions.T, strict=True)]
    np.testing.assert_allclose(single, expected, atol=1e-7)


BAD = {
    "a NaN": (lambda r, i: (np.where(r == r[3, 1], np.nan, r), i), r"nan.* trial 3, voxel 1"),
    "an infinity": (lambda r, i: (np.where(r == r[0, 0], np.inf, r), i), "inf"),
    "images of another length": (lambda r, i: (r, i[1:]), "one for each of"),
    "images that are no whole numbers": (lambda r, i: (r, i / 2), "whole numbers"),
    "a vector": (lambda r, i: (r[:, 0], i), "matrix"),
    "text": (lambda r, i: (r.astype(str), i), "floating matrix"),
}


@pytest.mark.parametrize("case", sorted(BAD))
@pytest.mark.parametrize("name", sorted(MEASURES))
def test_bad_arguments_are_refused(name, case):
    break_them, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        MEASURES[name](*break_them(*trials()))


def test_other_refusals():
    responses, images = trials()
    with pytest.raises(ValueError, match="two or more"):
        trial_variances(responses[:1], images[:1])
    with pytest.raises(ValueError, match="more than 0"):
        trial_variances(responses, images).noise_ceiling(0)
    with pytest.raises(ValueError, match="lowest ncsnr is -1"):
        noise_ceiling_from_ncsnr(np.array([np.nan, -1.0]), 3)
    with pytest.raises(ValueError, match="more than 0"):
        noise_ceiling_from_ncsnr(np.array([1.0]), np.nan)
    with pytest.raises(ValueError, match="two equal matrices"):
        feve(responses, responses[:, 1:], images)
