"""Split-half reliability of units and of RDMs, and the bounds that subjects set each other.

Trials, images and units are those of `repalign.kernels.ceilings`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from repalign.kernels.ceilings import check_trials, correlation, quotient, unit_chunks
from repalign.kernels.comparison import COMPARISONS
from repalign.kernels.ranks import ranks
from repalign.kernels.rdm import correlation_rdm, normalise_rdm
from repalign.kernels.repetitions import mean_patterns

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer[Any]]

#: What is done to an RDM before the mean over subjects. Ranks are whole or half numbers,
#: so that equal sums of them stay equal and are ranked as ties.
SCALINGS: dict[str, Callable[[Array], Array]] = {"pearson": normalise_rdm, "spearman": ranks}


def split_half(responses: Array, images: IntArray, n_splits: int, seed: int) -> FloatArray:
    """Reliability of the mean response to an image, by split halves and Spearman-Brown.

    Parameters
    ----------
    responses : array (n_trials, n_units)
    images : array of int (n_trials,)
    n_splits : int
        Random splits (see `split_trials`) whose correlations are averaged.
    seed : int
        Seed of the splits.

    Returns
    -------
    reliability : array (n_units,), float64
        Spearman-Brown of the mean correlation over images of the two halves. NaN for a unit
        that is silent, in one half of one split even, or if fewer than two images repeat.

    Raises
    ------
    ValueError
        If shapes do not fit, a response is not finite, or `n_splits` is below 1.

    Notes
    -----
    Correlations are averaged before the correction: the mean of corrected ones is dominated
    by splits near -1, where Spearman-Brown diverges.
    """
    check_trials(responses, images)
    total = np.zeros(responses.shape[1])
    for first, second in split_trials(images, n_splits, seed):
        for units in unit_chunks(responses):
            x = mean_patterns(responses[first, units], images[first], None)
            y = mean_patterns(responses[second, units], images[second], None)
            total[units] += correlation(x, y, floor=0)
    return spearman_brown(total / n_splits)


def split_trials(
    images: IntArray, n_splits: int, seed: int
) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    """Split the repetitions of each image into random halves of equal size.

    Parameters
    ----------
    images : array of int (n_trials,)
        Image of each trial, in any order.
    n_splits, seed : int
        How many splits, and the seed of the generator that draws them.

    Yields
    ------
    first, second : arrays of int (n_half,)
        Trials of the halves, by ascending image. Both hold each image equally often; of an odd
        number of repetitions a random one sits out, as do images shown once.

    Raises
    ------
    ValueError
        If `n_splits` is below 1.
    """
    if n_splits < 1:
        raise ValueError(f"n_splits is {n_splits}; expected 1 or more")
    generator = np.random.default_rng(seed)
    _, codes, counts = np.unique(images, return_inverse=True, return_counts=True)
    starts = np.cumsum(counts) - counts
    half = np.repeat(counts // 2, counts)
    place = np.arange(len(images)) - np.repeat(starts, counts)
    for _ in range(n_splits):
        order = np.lexsort((generator.random(len(images)), codes))
        yield order[place < half], order[(place >= half) & (place < 2 * half)]


def spearman_brown(reliability: Array | float, factor: float = 2.0) -> FloatArray:
    """Reliability of a measurement `factor` times as long; NaN where it diverges.

    Parameters
    ----------
    reliability : array or float
        Correlation of two measurements.
    factor : float
        2 for halves.

    Returns
    -------
    reliability : array, shape (n_units,) or that of the argument, float64
    """
    r = np.asarray(reliability, np.float64)
    return quotient(factor * r, 1 + (factor - 1) * r)


class RdmReliability(NamedTuple):
    """Split-half reliability of the RDM of mean patterns."""

    half: float
    """Mean similarity of the RDMs of the two halves."""
    full: float
    """The same for all repetitions, by Spearman-Brown."""


def rdm_reliability(
    responses: Array, images: IntArray, comparison: str, n_splits: int, seed: int
) -> RdmReliability:
    """Split-half reliability of the correlation-distance RDM of mean patterns.

    Parameters
    ----------
    responses : array (n_trials, n_units)
    images : array of int (n_trials,)
        Images shown once are left out.
    comparison : str
        How RDMs are compared: a key of `repalign.kernels.comparison.COMPARISONS`.
    n_splits, seed : int
        See `split_trials`.

    Returns
    -------
    reliability : RdmReliability
        NaN if an RDM is flat or holds fewer than two pairs.

    Raises
    ------
    ValueError
        If shapes do not fit, a response is not finite, or an argument is out of range.

    Notes
    -----
    Similarities are averaged before the correction, as in `split_half`. Spearman-Brown treats
    distances as measurements with independent noise in the halves, which they have.
    """
    check_trials(responses, images)
    unit = COMPARISONS[comparison]
    similarities = []
    for halves in split_trials(images, n_splits, seed):
        means = (mean_patterns(responses[half], images[half], None) for half in halves)
        first, second = (unit(correlation_rdm(m, None, np.float64)) for m in means)
        similarities.append(float(first @ second) if len(first) else np.nan)
    half = float(np.mean(similarities))
    return RdmReliability(half, float(spearman_brown(half)))


class RdmBounds(NamedTuple):
    """Noise ceiling of RDMs of several subjects, a value a subject."""

    upper: FloatArray
    """Similarity with the mean RDM of all subjects (n_subjects,)."""
    lower: FloatArray
    """Similarity with the mean RDM of all other subjects (n_subjects,)."""


def rdm_bounds(rdms: Array, comparison: str) -> RdmBounds:
    """Upper and lower bound on the similarity that any RDM can have with those of subjects.

    Parameters
    ----------
    rdms : array (n_subjects, n_pairs), float32 or float64
        Condensed RDMs over the same images, or unit vectors of them.
    comparison : str
        A key of `repalign.kernels.comparison.COMPARISONS`.

    Returns
    -------
    bounds : RdmBounds
        NaN for a subject whose RDM is flat or holds NaN, which is left out of the mean RDMs;
        lower is NaN for all if only one subject is left. The bound of the group is the mean
        over subjects.

    Raises
    ------
    ValueError
        If `rdms` is not a matrix of floats.

    Notes
    -----
    Nili et al. (2014), doi:10.1371/journal.pcbi.1003553: RDMs are brought to mean 0 and norm 1
    (Pearson) or ranked (Spearman) before their mean is taken, for then no other RDM has
    a higher mean similarity to them. A mean of raw distances gives no such bound.
    """
    if rdms.ndim != 2:
        raise ValueError(f"rdms have shape {rdms.shape}; expected (n_subjects, n_pairs)")
    unit, scaled = COMPARISONS[comparison], SCALINGS[comparison]
    bounds = RdmBounds(*np.full((2, len(rdms)), np.nan))
    wide = rdms.astype(np.float64)
    units = [unit(rdm) for rdm in wide]
    known = [row for row, u in enumerate(units) if u.size and np.isfinite(u).all()]
    if not known:
        return bounds
    total = np.sum([scaled(wide[row]) for row in known], axis=0)
    for row in known:
        bounds.upper[row] = unit(total) @ units[row]
        if len(known) > 1:
            bounds.lower[row] = unit(total - scaled(wide[row])) @ units[row]
    return bounds
