"""One pattern per image from the responses to its repetitions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from repalign.kernels.quantiles import check_finite, check_patterns, clip_limits

Array = npt.NDArray[Any]

#: Voxels handled at once, so that no second copy of all the patterns is made.
CHUNK_VOXELS = 256


def mean_patterns(
    patterns: Array, images: npt.NDArray[np.integer[Any]], quantile: float | None = 0.003
) -> npt.NDArray[np.float64]:
    """Mean of the clipped patterns of each image.

    Parameters
    ----------
    patterns : array (n_trials, n_voxels), any integer or floating dtype
        Response patterns; never modified.
    images : array of int (n_trials,)
        Image of each trial, ascending, so that the trials of an image follow one another.
    quantile : float or None
        Clip all entries to their `quantile` and ``1 - quantile`` quantiles, taken over exactly
        these patterns, before the mean; None does not clip.

    Returns
    -------
    means : array (n_images, n_voxels), float64
        In the order of the images, summed in float64.

    Raises
    ------
    ValueError
        If `patterns` are not a numeric matrix or not finite, or `images` are not ascending or
        not one a trial.
    """
    check_patterns(patterns)
    if images.shape != patterns.shape[:1] or (np.diff(images) < 0).any():
        raise ValueError(
            f"images have shape {images.shape}; expected ({len(patterns)},), in ascending order"
        )
    starts = np.flatnonzero(np.diff(images, prepend=images[:1] - 1))
    means = np.empty((len(starts), patterns.shape[1]))
    if means.size == 0:
        return means
    counts = np.diff(starts, append=len(images))[:, np.newaxis]
    check_finite(patterns)
    limits = (-np.inf, np.inf) if quantile is None else clip_limits(patterns, quantile)
    for start in range(0, patterns.shape[1], CHUNK_VOXELS):
        stop = start + CHUNK_VOXELS
        clipped = np.clip(patterns[:, start:stop].astype(np.float64), *limits)
        np.add.reduceat(clipped, starts, axis=0, out=means[:, start:stop])
    means /= counts
    return means
