"""Correlation-distance RDMs as condensed vectors, and their centred unit form.

Vocabulary: a set of response patterns is (n_trials, n_voxels); its representational
dissimilarity matrix (RDM) is kept as the strict upper triangle, row by row, a vector of
``n_pairs = n_trials * (n_trials - 1) / 2`` distances. A *unit* RDM vector has mean 0 and
Euclidean norm 1, so that the dot product of two is their Pearson correlation.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import blas

from repalign.kernels.quantiles import check_finite, check_patterns, clip_limits

Array = npt.NDArray[Any]

#: Norm below which a centred pattern counts as constant (published value).
NORM_FLOOR = 1e-12

#: An RDM is flat if its standard deviation is at most this many roundings of its entries.
FLAT_ROUNDINGS = 16

#: Values handled at once in passes over patterns and pairs: they stay in the cache.
CHUNK = 1 << 16


def n_pairs(n_trials: int) -> int:
    """Length of the condensed RDM of `n_trials` trials."""
    if n_trials < 0:
        raise ValueError(f"n_trials is {n_trials}; expected 0 or more")
    return n_trials * (n_trials - 1) // 2


def n_trials_of(n_pairs: int) -> int:
    """Count the trials whose condensed RDM has `n_pairs` entries (1 for 0 pairs)."""
    n_trials = (1 + math.isqrt(1 + 8 * n_pairs)) // 2 if n_pairs >= 0 else 0
    if n_pairs < 0 or n_trials * (n_trials - 1) // 2 != n_pairs:
        raise ValueError(f"n_pairs is {n_pairs}; expected n (n - 1) / 2 for a whole number n")
    return n_trials


def correlation_rdm(
    patterns: Array, quantile: float | None = 0.003, dtype: npt.DTypeLike = np.float32
) -> Array:
    """Correlation distance between the clipped patterns of all pairs of trials.

    Parameters
    ----------
    patterns : array (n_trials, n_voxels), any integer or floating dtype
        Response patterns, in any unit and memory order; never modified.
    quantile : float or None
        Clip all entries to their `quantile` and ``1 - quantile`` quantiles, taken over
        exactly these patterns; None does not clip.
    dtype : float32 or float64
        Precision of the products and of the result.

    Returns
    -------
    distances : array (n_pairs,) of `dtype`
        1 - Pearson correlation over voxels; strict upper triangle, row by row. All NaN if
        there are no voxels. A trial whose pattern is constant has distance 1 to all others.

    Raises
    ------
    ValueError
        If `patterns` are not a numeric matrix or not finite, or an argument is out of range.

    Notes
    -----
    The published procedure also scales the clipped values to 0..1; a correlation does not
    change under that, so it is left out. It calls a centred pattern constant if its norm is
    below 1e-12; here rounding counts too: a pattern is also constant if its norm is within
    eight roundings of its mean, because the float32 mean of equal values need not equal
    them, and the published code then correlates rounding errors.
    """
    similarity, known = _similarity(patterns, quantile, np.dtype(dtype))
    if known:
        np.subtract(1, similarity, out=similarity)
    return similarity


def rdm_vector(
    patterns: Array,
    quantile: float | None = 0.003,
    dtype: npt.DTypeLike = np.float32,
    out: Array | None = None,
) -> Array:
    """Compute `correlation_rdm`, then `normalise_rdm`, in one array.

    Parameters
    ----------
    patterns, quantile, dtype
        As in `correlation_rdm`.
    out : contiguous array (n_pairs,) of `dtype`, optional
        Receives the result: a row of an (n_rois, n_pairs) array, say.

    Returns
    -------
    unit : array (n_pairs,) of `dtype`
        Mean 0, Euclidean norm 1; all NaN if there are no voxels, or all distances are equal
        (one voxel, fewer than three trials, nothing but constant patterns). `out` if given.

    Notes
    -----
    Works on correlations, not distances: the change of sign comes with the scaling, and
    values near 0 keep more digits in float32 than values near 1.

    The product is a SYRK. Measured in ms on one core, float32, 3000 trials of 500 and 1000
    voxels: SYRK 25 and 49; a full product with itself by `numpy.matmul`, which also calls
    SYRK but then mirrors the result, 36 and 60; a full GEMM 44 and 91; strips of 384 rows
    32 and 62. The whole function takes 44 and 68, 55 % and 67 % of the GEMM rate at
    n_trials**2 * n_voxels operations (``benchmarks/kernels.py``). What is left beside the
    product is one pass each to read, to extract and to normalise.
    """
    unit, known = _similarity(patterns, quantile, np.dtype(dtype), out)
    if known:
        _centre_and_scale(unit, scale=1.0, sign=-1)
    return unit


def normalise_rdm(vector: Array, copy: bool = True, scale: float = 1.0) -> Array:
    """Centre a condensed RDM and divide it by its Euclidean norm.

    Parameters
    ----------
    vector : array (n_pairs,), float32 or float64
        Dissimilarities.
    copy : bool
        False overwrites `vector`.
    scale : float
        Size of the numbers the entries were computed from, which sets their rounding error:
        1 for correlation distances, that is for 1 - r.

    Returns
    -------
    unit : array (n_pairs,) of the dtype of `vector`
        Mean 0, norm 1, both accumulated in float64. All NaN if the RDM is flat or holds NaN.

    Raises
    ------
    ValueError
        If `vector` is not a float32 or float64 vector.

    Notes
    -----
    An RDM is *flat* if its standard deviation is at most ``16 * eps * max(scale, |mean|)``:
    1.9e-6 (float32) or 3.6e-15 (float64) for correlation distances. Identical patterns give
    distances that differ by rounding alone, with a standard deviation of 0.4 to 1.5 eps at 2
    to 100,000 voxels (measured), which the published code normalises to noise of norm 1.
    """
    if vector.ndim != 1 or vector.dtype not in (np.float32, np.float64):
        raise ValueError(
            f"vector is {vector.dtype} of shape {vector.shape}; expected float32 or float64 of "
            "shape (n_pairs,)"
        )
    unit = vector.copy() if copy else vector
    _centre_and_scale(unit, scale=scale)
    return unit


def _similarity(
    patterns: Array, quantile: float | None, dtype: np.dtype[Any], out: Array | None = None
) -> tuple[Array, bool]:
    """Condensed correlation matrix (n_pairs,), and False if it is not defined (all NaN)."""
    _check_arguments(patterns, dtype, out)
    n_trials, n_voxels = patterns.shape
    pairs = np.empty(n_pairs(n_trials), dtype) if out is None else out
    if n_voxels == 0 or n_trials < 2:
        pairs.fill(np.nan)
        return pairs, False
    unit_rows = _unit_rows(patterns, quantile, dtype)
    syrk = blas.ssyrk if dtype == np.float32 else blas.dsyrk
    # The transpose is the Fortran view of the same memory: no copy. SYRK forms one triangle
    # only, at half the operations of a full product; "lower" in Fortran order is the upper
    # triangle of the transposed result.
    product = syrk(1.0, unit_rows.T, trans=1, lower=1).T
    start = 0
    for row in range(n_trials - 1):
        stop = start + n_trials - 1 - row
        pairs[start:stop] = product[row, row + 1 :]
        start = stop
    return pairs, True


def _unit_rows(patterns: Array, quantile: float | None, dtype: np.dtype[Any]) -> Array:
    """Clipped, centred rows of norm 1 (n_trials, n_voxels); rows of zeros where constant."""
    if quantile is None:
        check_finite(patterns)
        lower, upper = float(patterns.min()), float(patterns.max())
    else:
        lower, upper = clip_limits(patterns, quantile)
    # Input that float32 cannot hold exactly is centred before it is rounded.
    narrow = patterns.dtype.itemsize <= 2 or patterns.dtype == np.float32
    work: np.dtype[Any] = dtype if narrow else np.dtype(np.float64)
    # A power of two keeps the digits and brings squares of any input within range.
    factor = math.ldexp(1.0, -math.frexp(max(abs(lower), abs(upper)))[1])
    n_trials, n_voxels = patterns.shape
    unit_rows = np.empty((n_trials, n_voxels), dtype)
    rounding = 8 * float(np.finfo(work).eps) * math.sqrt(n_voxels)
    n_rows = max(1, CHUNK // n_voxels)
    for start in range(0, n_trials, n_rows):
        block: Array = patterns[start : start + n_rows].astype(work, order="C")
        if quantile is not None:
            np.clip(block, work.type(lower), work.type(upper), out=block)
        block *= work.type(factor)
        mean = block.mean(axis=1, keepdims=True)
        block -= mean
        # vecdot sums in several partial sums: a tenth of the rounding error of einsum.
        norm = np.sqrt(np.vecdot(block, block))[:, np.newaxis]
        constant = norm <= np.maximum(rounding * np.abs(mean), NORM_FLOOR)
        block /= np.where(constant, np.inf, norm)
        unit_rows[start : start + n_rows] = block
    return unit_rows


def _centre_and_scale(vector: Array, scale: float, sign: int = 1) -> None:
    """Centre and normalise in place, or fill with NaN if flat; sums in float64."""
    if vector.size == 0:
        return
    number = vector.dtype.type
    mean = float(vector.mean(dtype=np.float64))
    # Two subtractions in the dtype of the vector: the first is all but exact, the second
    # removes what the mean loses in float32.
    coarse = number(mean)
    fine = number(mean - float(coarse))
    buffer = np.empty(min(CHUNK, vector.size))
    square = 0.0
    for start in range(0, vector.size, CHUNK):
        chunk = vector[start : start + CHUNK]
        chunk -= coarse
        chunk -= fine
        wide = buffer[: chunk.size]
        np.copyto(wide, chunk)
        square += float(wide @ wide)
    smallest = FLAT_ROUNDINGS * float(np.finfo(vector.dtype).eps) * max(scale, abs(mean))
    # Written so that a NaN in the sum of squares counts as flat.
    if square > vector.size * smallest**2:
        vector *= number(sign / math.sqrt(square))
    else:
        vector.fill(np.nan)


def _check_arguments(patterns: Array, dtype: np.dtype[Any], out: Array | None) -> None:
    """Refuse wrong shapes and types, with what was given and what was expected."""
    check_patterns(patterns)
    if dtype not in (np.float32, np.float64):
        raise ValueError(f"dtype is {dtype}; expected float32 or float64")
    if out is None:
        return
    expected = (n_pairs(patterns.shape[0]),)
    if out.shape != expected or out.dtype != dtype or not out.flags.c_contiguous:
        raise ValueError(
            f"out is {out.dtype} of shape {out.shape}, strides {out.strides}; expected a "
            f"contiguous {dtype} vector of shape {expected}"
        )
