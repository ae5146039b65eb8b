"""NSD's noise ceiling of a voxel: the estimate from repeated trials, and what is true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from repalign.simulate.settings import N_REPETITIONS


def estimate_ncsnr(
    sessions: Sequence[NDArray[np.float64]], images: NDArray[np.int64]
) -> NDArray[np.float64]:
    r"""Estimate the noise-ceiling signal-to-noise ratio of every voxel.

    Parameters
    ----------
    sessions : sequence of ndarray, float64, shape (n_trials, n_voxels)
        Responses of each session.
    images : ndarray, int64, shape (n_sessions * n_trials,)
        Image of each trial, session after session.

    Returns
    -------
    ndarray, float64, shape (n_voxels,)
        NaN where a voxel is constant in a session, and everywhere if no image was shown three
        times.

    Notes
    -----
    As for NSD (Allen et al. 2022, doi:10.1038/s41593-021-00962-x): responses are z-scored within
    each session, so that their variance is 1. The noise variance is the mean, over images shown
    three times, of the unbiased variance over repetitions; the signal variance is the rest of 1,
    at least 0; ncsnr is the ratio of the standard deviations.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        scored = np.concatenate([(own - own.mean(axis=0)) / own.std(axis=0) for own in sessions])
    counts = Counter(images.tolist())
    repeated = [image for image, count in counts.items() if count == N_REPETITIONS]
    if not repeated:
        return np.full(scored.shape[1], np.nan)
    trials = np.stack([np.flatnonzero(images == image) for image in repeated])
    noise = scored[trials].var(axis=1, ddof=1).mean(axis=0)
    return np.asarray(np.sqrt(np.maximum(1 - noise, 0) / noise))


def ceiling_percent(ncsnr: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn ncsnr into the noise ceiling of a mean over three trials, percent of variance."""
    return np.asarray(100 * ncsnr**2 / (ncsnr**2 + 1 / N_REPETITIONS))
