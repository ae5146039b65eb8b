"""The expected similarities agree with a plain simulation of patterns."""

import numpy as np
import pytest

from repalign.simulate.geometry import (
    KernelMoments,
    SignalTheory,
    kernel_moments,
    random_projection,
)

THEORY = SignalTheory(60, noise_df=4.0, offset_share=0.01)
KERNEL = KernelMoments(mean=0.0, mean_square=0.18)


def test_a_projection_keeps_the_geometry():
    projection = random_projection(np.random.default_rng(0), 6, 17)
    np.testing.assert_allclose(projection @ projection.T / 17, np.eye(6), atol=1e-12)
    np.testing.assert_allclose(projection.mean(axis=1), 0, atol=1e-12)


def test_share_is_the_inverse_of_similarity():
    for n_voxels in (8, 13, 29, 60):
        for goal in (0.05, 0.2, 0.5):
            share = THEORY.share(goal, n_voxels, KERNEL)
            assert THEORY.similarity(share, n_voxels, KERNEL) == pytest.approx(goal, abs=1e-6)


def test_no_signal_no_similarity_and_more_of_either_gives_more():
    assert THEORY.similarity(0.0, 20, KERNEL) == 0
    shares = [THEORY.similarity(share, 20, KERNEL) for share in (0.02, 0.1, 0.3, 0.6)]
    sizes = [THEORY.similarity(0.3, n_voxels, KERNEL) for n_voxels in (8, 12, 24, 48)]
    assert (np.diff(shares) > 0).all()
    assert (np.diff(sizes) > 0).all()


def test_gaussian_noise_gives_nearly_the_closed_form():
    theory = SignalTheory(60, noise_df=1e6, offset_share=0.0)
    for share, n_voxels in ((0.1, 60), (0.3, 60), (0.5, 40)):
        signal = share**2 * KERNEL.variance
        closed = signal / (signal + (1 - share**2) / n_voxels)
        assert theory.similarity(share, n_voxels, KERNEL) == pytest.approx(closed, rel=0.06)


@pytest.mark.parametrize(("share", "n_voxels"), [(0.15, 40), (0.4, 14), (0.6, 24)])
def test_heavy_tails_and_clipping_are_accounted_for(share, n_voxels):
    rng = np.random.default_rng(5)
    n_trials, n_components, values = 150, 6, []
    features = rng.standard_normal((n_trials, n_components))
    features -= features.mean(axis=0)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    for _ in range(60):
        rdms = []
        for _ in range(2):
            signal = features @ random_projection(rng, n_components, n_voxels)
            noise = rng.standard_t(4, signal.shape) / np.sqrt(2)
            pattern = np.sqrt(share) * signal + np.sqrt(1 - share) * noise
            pattern = pattern.clip(*np.quantile(pattern, [0.003, 0.997]))
            rdms.append(np.corrcoef(pattern)[np.triu_indices(n_trials, 1)])
        values.append(np.corrcoef(rdms)[0, 1])
    theory = SignalTheory(60, noise_df=4.0, offset_share=0.0)
    expected = theory.similarity(share, n_voxels, kernel_moments(features))
    assert np.mean(values) == pytest.approx(expected, rel=0.05)
