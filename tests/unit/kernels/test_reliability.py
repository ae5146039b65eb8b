"""Split halves and bounds of RDMs against SciPy, closed forms and rsatoolbox."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from scipy.stats import pearsonr, rankdata, spearmanr

from repalign.kernels.comparison import COMPARISONS
from repalign.kernels.reliability import (
    rdm_bounds,
    rdm_reliability,
    spearman_brown,
    split_half,
    split_trials,
)

SCIPY = {"pearson": pearsonr, "spearman": spearmanr}
NAMES = sorted(COMPARISONS)


def trials(seed=0, n_images=10, n_units=7, noise=1.0):
    rng = np.random.default_rng(seed)
    images = rng.permutation(np.repeat(np.arange(n_images) * 3, rng.integers(2, 6, n_images)))
    signal = rng.normal(0, 1, (n_images * 3, n_units))
    return signal[images] + noise * rng.normal(0, 1, (len(images), n_units)), images


@settings(max_examples=40)
@given(st.lists(st.integers(0, 6), max_size=30), st.integers(0, 2**32 - 1))
def test_halves_are_disjoint_and_hold_each_image_equally_often(names, seed):
    images = np.array(names, int)
    _, counts = np.unique(images, return_counts=True)
    for first, second in split_trials(images, 3, seed):
        assert not set(first) & set(second)
        np.testing.assert_array_equal(images[first], images[second])
        assert (np.diff(images[first]) >= 0).all()
        held = np.unique(images[first], return_counts=True)[1]
        np.testing.assert_array_equal(held, (counts // 2)[counts > 1])


def test_splits_follow_from_the_seed_and_are_random():
    images = np.repeat(np.arange(20), 4)
    first = [a.tolist() for a, _ in split_trials(images, 5, 1)]
    assert first == [a.tolist() for a, _ in split_trials(images, 5, 1)]
    assert len({tuple(half) for half in first}) == 5
    # Of three repetitions each one sits out now and then.
    left = {
        t
        for a, b in split_trials(np.array([4, 4, 4]), 40, 0)
        for t in {0, 1, 2} - {*a.tolist(), *b.tolist()}
    }
    assert left == {0, 1, 2}


def test_split_half_against_loops():
    responses, images = trials(2, n_units=300)
    names = np.unique(images)
    expected = np.zeros(responses.shape[1])
    for halves in split_trials(images, 4, 9):
        x, y = (
            np.array([responses[half][images[half] == n].mean(axis=0) for n in names])
            for half in halves
        )
        expected += [pearsonr(a, b).statistic for a, b in zip(x.T, y.T, strict=True)]
    r = expected / 4
    np.testing.assert_allclose(split_half(responses, images, 4, 9), 2 * r / (1 + r), rtol=1e-10)


def test_split_half_recovers_the_reliability_of_the_mean():
    """Signal 1, noise 3, four repetitions: the mean has reliability 1 / (1 + 3 / 4)."""
    rng = np.random.default_rng(3)
    images = np.tile(np.arange(20_000), 4)
    responses = rng.normal(0, 1, (20_000, 1))[images] + rng.normal(0, 3**0.5, (80_000, 1))
    np.testing.assert_allclose(split_half(responses, images, 3, 0), 4 / 7, rtol=0.03)


def test_a_silent_unit_has_no_reliability_and_harms_no_other():
    responses, images = trials(4)
    expected = split_half(responses, images, 3, 0)
    responses[:, 1] = 0.1
    found = split_half(responses, images, 3, 0)
    assert np.isnan(found[1])
    np.testing.assert_array_equal(np.delete(found, 1), np.delete(expected, 1))
    assert np.isnan(split_half(responses, np.arange(len(images)), 3, 0)).all()


def test_spearman_brown():
    np.testing.assert_allclose(spearman_brown(np.array([0, 0.5, 1])), [0, 2 / 3, 1])
    assert spearman_brown(0.5, 3) == pytest.approx(0.75)
    assert np.isnan(spearman_brown(np.nan))
    assert not np.isfinite(spearman_brown(-1.0))


@pytest.mark.parametrize("name", NAMES)
def test_rdm_reliability_against_scipy(name):
    responses, images = trials(5)
    names = np.unique(images)
    similarities = []
    for halves in split_trials(images, 5, 2):
        rdms = [
            pdist(
                np.array([responses[half][images[half] == n].mean(axis=0) for n in names]),
                "correlation",
            )
            for half in halves
        ]
        similarities.append(SCIPY[name](*rdms).statistic)
    found = rdm_reliability(responses, images, name, 5, 2)
    half = np.mean(similarities)
    np.testing.assert_allclose(found, [half, 2 * half / (1 + half)], rtol=1e-10)


def test_rdm_reliability_without_noise_and_without_repetitions():
    responses, images = trials(6, noise=0)
    np.testing.assert_allclose(rdm_reliability(responses, images, "pearson", 2, 0), 1)
    np.testing.assert_array_equal(
        rdm_reliability(responses, np.arange(len(images)), "pearson", 2, 0), np.nan
    )


def rdms(n_subjects=4, seed=0, n_images=12):
    rng = np.random.default_rng(seed)
    latent = rng.normal(0, 1, (n_images, 5))
    own = (latent + rng.normal(0, 1, latent.shape) for _ in range(n_subjects))
    return np.array([pdist(x, "correlation") for x in own])


@pytest.mark.parametrize("name", NAMES)
def test_bounds_against_scipy(name):
    sets = rdms()
    z = {"pearson": lambda r: (r - r.mean()) / r.std(), "spearman": rankdata}[name]
    scaled = np.array([z(r) for r in sets])
    bounds = rdm_bounds(sets, name)
    for subject, rdm in enumerate(sets):
        others = np.delete(scaled, subject, axis=0).mean(axis=0)
        expected = [SCIPY[name](rdm, m).statistic for m in (scaled.mean(axis=0), others)]
        np.testing.assert_allclose([b[subject] for b in bounds], expected, rtol=1e-10)
    assert (bounds.upper > bounds.lower).all()


def test_no_rdm_passes_the_upper_bound():
    sets = rdms(seed=1)
    upper = rdm_bounds(sets, "pearson").upper.mean()
    rng = np.random.default_rng(0)
    for _ in range(50):
        guess = np.average(sets, axis=0, weights=rng.random(4))
        assert np.mean([pearsonr(guess, r).statistic for r in sets]) <= upper + 1e-12


def test_bounds_against_rsatoolbox():
    rsatoolbox = pytest.importorskip("rsatoolbox")
    sets = rdms(seed=2)
    lower, upper = rsatoolbox.inference.boot_noise_ceiling(
        rsatoolbox.rdm.RDMs(sets, rdm_descriptors={"index": list(range(4))}), method="corr"
    )
    bounds = rdm_bounds(sets, "pearson")
    np.testing.assert_allclose([np.mean(b) for b in bounds], [upper, lower], rtol=1e-10)


def test_a_flat_rdm_is_left_out_of_the_mean():
    sets = rdms(n_subjects=3)
    expected = rdm_bounds(sets, "pearson")
    flat = np.insert(sets, 1, 1.0, axis=0)
    found = rdm_bounds(flat, "pearson")
    for mine, theirs in zip(found, expected, strict=True):
        assert np.isnan(mine[1])
        np.testing.assert_allclose(np.delete(mine, 1), theirs)
    alone = rdm_bounds(sets[:1], "spearman")
    assert alone.upper[0] == pytest.approx(1)
    assert np.isnan(alone.lower).all()


def test_refusals():
    responses, images = trials()
    with pytest.raises(ValueError, match="n_splits is 0"):
        split_half(responses, images, 0, 0)
    with pytest.raises(ValueError, match=r"\(n_subjects, n_pairs\)"):
        rdm_bounds(np.ones(3), "pearson")
    for measure in (split_half, lambda *a: rdm_reliability(a[0], a[1], "pearson", *a[2:])):
        with pytest.raises(ValueError, match="not finite"):
            measure(np.where(responses == responses[0, 0], np.nan, responses), images, 2, 0)
