"""Noise ceilings: how well responses can be predicted, from repetitions of the same images.

Every measure takes the responses of single trials, (n_trials, n_units), and the image of each
trial, a whole number in any order; images may be shown unequally often (*ragged*). A unit is a
neuron or a voxel. An image that is shown once says nothing about noise: it counts in the total
variance and in nothing else. Responses must be finite; a *silent* unit, whose response never
changes, has no ceiling (NaN) and makes no other unit NaN.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from repalign.kernels.quantiles import check_finite, check_patterns
from repalign.kernels.repetitions import mean_patterns

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer[Any]]

#: Added to each standard deviation of a correlation, so that a silent unit has 0, not NaN.
CORRELATION_FLOOR = 1e-8

#: Units handled at once, so that no second copy of all the responses is made.
CHUNK_UNITS = 256


class TrialVariances(NamedTuple):
    """Variance of single trials, and the part of it that is noise."""

    total: FloatArray
    """Variance over all trials (n_units,), ddof 1."""
    noise: FloatArray
    """Mean over images of the variance over repetitions (n_units,), ddof 1."""
    repetitions: float
    """Harmonic mean of the repetitions of the images; NaN without images."""

    @property
    def signal(self) -> FloatArray:
        """Return total less noise; below 0 by chance where there is no signal.

        Returns
        -------
        array (n_units,), float64
        """
        return self.total - self.noise

    @property
    def fev(self) -> FloatArray:
        """Return the fraction of explainable variance of single trials.

        Returns
        -------
        array (n_units,), float64
            NaN for a silent unit.
        """
        return quotient(self.signal, self.total)

    @property
    def ncsnr(self) -> FloatArray:
        """Return the signal-to-noise ratio of NSD, of standard deviations, signal floored at 0.

        Returns
        -------
        array (n_units,), float64
            Infinite for a unit without noise, NaN for a silent one.
        """
        return np.sqrt(quotient(np.maximum(self.signal, 0), self.noise))

    def noise_ceiling(self, repetitions: float | None = None) -> FloatArray:
        """Return the per cent of the variance of a mean over repetitions that is signal.

        Parameters
        ----------
        repetitions : float, optional
            Repetitions in the mean; without it their harmonic mean over the images, for which
            the ceiling of ragged repetitions is that of the mean noise of their means.

        Returns
        -------
        array (n_units,), float64
            0 to 100; NaN for a silent unit.

        Raises
        ------
        ValueError
            If `repetitions` is not positive.
        """
        n = self.repetitions if repetitions is None else _positive(repetitions)
        signal = np.maximum(self.signal, 0)
        return 100 * quotient(signal, signal + self.noise / n)


def trial_variances(responses: Array, images: IntArray) -> TrialVariances:
    """Total and noise variance of each unit.

    Parameters
    ----------
    responses : array (n_trials, n_units), any integer or floating dtype
        Responses of single trials; never modified.
    images : array of int (n_trials,)
        Image of each trial, in any order.

    Returns
    -------
    variances : TrialVariances
        All float64. Noise is NaN if no image is shown twice. Both are exactly 0 for a silent
        unit.

    Raises
    ------
    ValueError
        If shapes do not fit, there are fewer than two trials, or a response is not finite.

    Notes
    -----
    Each image weighs the same in the noise, however often it was shown, as in
    ``neuralpredictors`` (Franke, Willeke et al. 2022, doi:10.1038/s41586-022-05270-3). For
    responses that were z-scored the total is 1 and the ceiling that of Allen et al. (2022),
    doi:10.1038/s41593-021-00962-x.
    """
    check_trials(responses, images)
    if len(images) < 2:
        raise ValueError(f"there are {len(images)} trials; expected two or more")
    _, counts = np.unique(images, return_counts=True)
    total = np.empty(responses.shape[1])
    for units in unit_chunks(responses):
        chunk = responses[:, units].astype(np.float64)
        total[units] = np.where((chunk == chunk[0]).all(axis=0), 0, chunk.var(axis=0, ddof=1))
    _, within = _moments(responses, images, ddof=1)
    noise = within.mean(axis=0) if len(within) else np.full_like(total, np.nan)
    return TrialVariances(total, noise, float(1 / np.mean(1 / counts)))


def noise_ceiling_from_ncsnr(ncsnr: Array, n_repetitions: float) -> FloatArray:
    """Noise ceiling, in per cent, of the mean of `n_repetitions` trials.

    Parameters
    ----------
    ncsnr : array (n_units,), or any other shape
        Signal-to-noise ratio: standard deviation of the signal over that of the noise.
    n_repetitions : float
        Trials in the mean.

    Returns
    -------
    ceiling : array of the shape (n_units,) of `ncsnr`, whatever it is, float64
        ``100 ncsnr**2 / (ncsnr**2 + 1 / n_repetitions)``, 0 to 100. NaN stays NaN: whether
        that counts as no signal is for the caller to say.

    Raises
    ------
    ValueError
        If a ratio is negative, or `n_repetitions` is not positive.

    Notes
    -----
    Allen et al. (2022), doi:10.1038/s41593-021-00962-x.
    """
    ratio = np.asarray(ncsnr, np.float64)
    if (ratio < 0).any():
        raise ValueError(f"the lowest ncsnr is {np.nanmin(ratio)}; expected 0 or more")
    square = ratio * ratio
    with np.errstate(invalid="ignore"):
        ceiling = 100 * square / (square + 1 / _positive(n_repetitions))
    return np.where(np.isposinf(square), 100.0, ceiling)


def feve(responses: Array, predictions: Array, images: IntArray) -> FloatArray:
    """Fraction of the explainable variance that predictions explain.

    Parameters
    ----------
    responses, predictions : arrays (n_trials, n_units)
        What was recorded in each trial and what was predicted for it.
    images : array of int (n_trials,)

    Returns
    -------
    feve : array (n_units,), float64
        ``1 - (MSE over trials - noise) / (total - noise)``: 1 at best in expectation. Noisy
        where the FEV is small, NaN where it is 0: leave out units below a threshold (0.15 is
        usual) before taking a mean.

    Raises
    ------
    ValueError
        If shapes do not fit or a value is not finite.
    """
    variances = trial_variances(responses, images)
    check_trials(predictions, images)
    _same_shape(responses, predictions)
    error = np.empty(responses.shape[1])
    for units in unit_chunks(responses):
        difference = responses[:, units].astype(np.float64) - predictions[:, units]
        error[units] = np.square(difference).mean(axis=0)
    return 1 - quotient(error - variances.noise, variances.signal)


def oracle_jackknife(responses: Array, images: IntArray) -> FloatArray:
    """Correlation over trials with the mean of the other repetitions of the same image.

    Parameters
    ----------
    responses : array (n_trials, n_units)
    images : array of int (n_trials,)

    Returns
    -------
    oracle : array (n_units,), float64
        Understates the ceiling, the more so the fewer the repetitions. 0 for a silent unit,
        NaN if no image is shown twice.

    Raises
    ------
    ValueError
        If shapes do not fit or a response is not finite.
    """
    check_trials(responses, images)
    order, ordered, counts = _repeated(images)
    if not len(order):
        return np.full(responses.shape[1], np.nan)
    n = np.repeat(counts, counts)[:, np.newaxis]
    oracle = np.empty(responses.shape[1])
    for units in unit_chunks(responses):
        trials = responses[order, units].astype(np.float64)
        means = np.repeat(mean_patterns(trials, ordered, None), counts, axis=0)
        oracle[units] = correlation(trials, (means * n - trials) / (n - 1))
    return oracle


def oracle_conservative(responses: Array, images: IntArray) -> FloatArray:
    """Correlation that the true mean would have with single trials, if noise were additive.

    Parameters
    ----------
    responses : array (n_trials, n_units)
    images : array of int (n_trials,)

    Returns
    -------
    oracle : array (n_units,), float64
        ``sqrt(S / (S + V))``: S is the variance over images of their means, V the mean over
        images of the variance over repetitions, both ddof 0. Overstates the ceiling, since the
        means hold noise too. NaN for a silent unit or if no image is shown twice.

    Raises
    ------
    ValueError
        If shapes do not fit or a response is not finite.
    """
    check_trials(responses, images)
    means, within = _moments(responses, images, ddof=0)
    if not len(means):
        return np.full(responses.shape[1], np.nan)
    signal = np.where((means == means[0]).all(axis=0), 0, means.var(axis=0))
    return np.sqrt(quotient(signal, signal + within.mean(axis=0)))


def correlation(x: Array, y: Array, floor: float = CORRELATION_FLOOR) -> FloatArray:
    """Pearson correlation over trials or images, unit by unit.

    Parameters
    ----------
    x, y : arrays (n, n_units)
    floor : float
        Added to each standard deviation (ddof 0): 1e-8, as in ``neuralpredictors``, gives 0 for
        a silent unit; 0 gives NaN.

    Returns
    -------
    correlation : array (n_units,), float64
    """
    _same_shape(x, y)
    if len(x) == 0:
        return np.full(x.shape[1], np.nan)
    centred = []
    for values in (x, y):
        wide = np.asarray(values, np.float64)
        # Equal values are centred to exactly 0: their mean may be off by a rounding.
        centred.append(np.where((wide == wide[0]).all(axis=0), 0, wide - wide.mean(axis=0)))
    deviations = [np.sqrt(np.square(c).mean(axis=0)) + floor for c in centred]
    return quotient((centred[0] * centred[1]).mean(axis=0), deviations[0] * deviations[1])


def _repeated(images: IntArray) -> tuple[npt.NDArray[np.intp], IntArray, npt.NDArray[np.intp]]:
    """Trials of images shown twice or more, ordered by image; their images; the counts."""
    _, codes, counts = np.unique(images, return_inverse=True, return_counts=True)
    order = np.argsort(codes, kind="stable")
    order = order[counts[codes[order]] > 1]
    return order, images[order], counts[counts > 1]


def _moments(responses: Array, images: IntArray, ddof: int) -> tuple[FloatArray, FloatArray]:
    """Mean and variance over the repetitions of each repeated image, (n_images, n_units)."""
    order, ordered, counts = _repeated(images)
    means, variances = np.empty((2, len(counts), responses.shape[1]))
    starts = np.cumsum(counts) - counts
    divisor = (counts - ddof)[:, np.newaxis]
    for units in unit_chunks(responses) if len(counts) else ():
        trials = responses[order, units].astype(np.float64)
        means[:, units] = mean_patterns(trials, ordered, None)
        # Of equal values the mean is made exact, so that their variance is 0.
        low, high = (u.reduceat(trials, starts, axis=0) for u in (np.minimum, np.maximum))
        means[:, units] = np.where(low == high, low, means[:, units])
        trials -= np.repeat(means[:, units], counts, axis=0)
        variances[:, units] = np.add.reduceat(trials * trials, starts, axis=0) / divisor
    return means, variances


def unit_chunks(responses: Array) -> Iterator[slice]:
    """Blocks of units of a matrix (n_trials, n_units)."""
    starts = range(0, responses.shape[1], CHUNK_UNITS)
    return (slice(start, start + CHUNK_UNITS) for start in starts)


def quotient(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Divide; 0 / 0 is NaN without a warning.

    Parameters
    ----------
    numerator, denominator : arrays (n_units,)
        Or any other equal shape.

    Returns
    -------
    quotient : array (n_units,), float64
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(numerator / denominator, np.float64)


def _positive(repetitions: float) -> float:
    """Refuse a number of repetitions that is not positive."""
    if not repetitions > 0:
        raise ValueError(f"repetitions are {repetitions}; expected more than 0")
    return repetitions


def _same_shape(x: Array, y: Array) -> None:
    """Refuse two matrices of different shape."""
    if x.shape != y.shape or x.ndim != 2:
        raise ValueError(f"shapes are {x.shape} and {y.shape}; expected two equal matrices")


def check_trials(responses: Array, images: IntArray) -> None:
    """Refuse what is not a finite matrix, or not one image a trial."""
    check_patterns(responses)
    if images.shape != responses.shape[:1] or images.dtype.kind not in "iu":
        raise ValueError(
            f"images are {images.dtype} of shape {images.shape}; expected whole numbers, one for "
            f"each of {len(responses)} trials"
        )
    check_finite(responses)
