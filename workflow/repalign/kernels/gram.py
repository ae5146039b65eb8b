"""U-centred Gram matrices as condensed unit vectors: their dot products are unbiased CKA."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from repalign.kernels.centred import CentredPatterns, centre
from repalign.kernels.quantiles import check_finite, check_patterns
from repalign.kernels.rdm import FLAT_ROUNDINGS, n_pairs

Array = npt.NDArray[Any]

#: Fewest trials for which U-centring leaves anything.
FEWEST_TRIALS = 4


def gram_vector(
    patterns: Array,
    quantile: float | None = None,
    dtype: npt.DTypeLike = np.float32,
    out: Array | None = None,
) -> Array:
    """Linear-kernel Gram matrix, U-centred, as a vector of norm 1.

    Parameters
    ----------
    patterns : array (n_trials, n_dims), any integer or floating dtype
        Response patterns or model features, in any unit and memory order; never modified.
    quantile : float or None
        Clip all entries to their `quantile` and ``1 - quantile`` quantiles, taken over
        exactly these patterns; None does not clip.
    dtype : float32 or float64
        Precision of the products and of the result.
    out : contiguous array (n_pairs,) of `dtype`, optional
        Receives the result: a row of an (n_rois, n_pairs) array, say.

    Returns
    -------
    unit : array (n_pairs,) of `dtype`
        Strict upper triangle, row by row, Euclidean norm 1 (`out` if given). The dot product
        of two is the unbiased linear CKA of their patterns. All NaN if there are fewer than
        four trials, no dimensions, or nothing but rounding is left after centring (constant
        patterns; patterns at equal distances from one another).

    Raises
    ------
    ValueError
        If `patterns` are not a numeric matrix or not finite, or an argument is out of range.

    Notes
    -----
    With K = X X' and a zero diagonal, r its row sums and s its total::

        K~_ij = K_ij - r_i / (n - 2) - r_j / (n - 2) + s / ((n - 1) (n - 2)),  i != j

    Then <K~, L~> / (n (n - 3)) is the unbiased HSIC of Song et al., and the cosine of K~ and L~
    is the unbiased CKA. There is no constant in the denominator: the published code adds 1e-6,
    which is harmless for responses, but not for rows of norm 1 that are all but parallel.

    Columns are centred first. That changes nothing in exact arithmetic (it adds a_i + a_j to
    K_ij, which U-centring removes) and everything in float32: data in 0..1 give entries of
    n_dims / 4 that differ by sqrt(n_dims) / 12. Means and sums are float64, the product (a
    SYRK) is of `dtype`. Difference of the float32 CKA from float64, independent data in 0..1,
    750 trials: 4e-9, 2e-9 and 1e-9 at 50, 500 and 5000 dimensions. Without centring it is 1e-5,
    5e-4 and 2e-3, and the last two CKAs come out as exactly 0.

    Published preprocessing of the subject-subject table: clip at 0.003 and 0.997 over trials
    and voxels, then scale to 0..1. The scaling is one affine map for all voxels, so CKA does
    not change under it and it is left out; the clip is ``quantile=0.003``. The features of
    untrained models are neither clipped nor scaled.

    References
    ----------
    Song, L., Smola, A., Gretton, A., Bedo, J. & Borgwardt, K. (2012). Feature selection via
    dependence maximization. Journal of Machine Learning Research 13, 1393-1434.
    Szekely, G. J. & Rizzo, M. L. (2014). Partial distance correlation with methods for
    dissimilarities. The Annals of Statistics 42, 2382-2412.
    https://doi.org/10.1214/14-AOS1255
    """
    precision = np.dtype(dtype)
    unit = _result(patterns, quantile, precision, out)
    n_trials, n_dims = patterns.shape
    if n_trials < FEWEST_TRIALS or n_dims == 0:
        check_finite(patterns)
        unit.fill(np.nan)
        return unit
    return centred_gram_vector(centre(patterns, quantile, precision), unit)


def centred_gram_vector(centred: CentredPatterns, out: Array) -> Array:
    """Compute `gram_vector` of patterns that are centred already.

    Parameters
    ----------
    centred : CentredPatterns
        From `centre`.
    out : contiguous array (n_pairs,) of the dtype of `centred`
        Receives the result.

    Returns
    -------
    unit : array (n_pairs,)
        `out`.
    """
    n_trials = len(centred.values)
    if n_trials < FEWEST_TRIALS:
        out.fill(np.nan)
        return out
    square = _u_centre(centred.products, out)
    smallest = FLAT_ROUNDINGS * float(np.finfo(out.dtype).eps) * centred.size
    if square > out.size * smallest**2:
        np.multiply(out, 1 / math.sqrt(square), out=out, casting="same_kind")
    else:
        out.fill(np.nan)
    return out


def _u_centre(gram: Array, out: Array) -> float:
    """Write the U-centred strict upper triangle of `gram` to `out`; return its sum of squares.

    Only the upper triangle of `gram` (n_trials, n_trials) is read, and not its diagonal.
    """
    n_trials = gram.shape[0]
    sums = np.zeros(n_trials)
    for row in range(n_trials - 1):
        right = gram[row, row + 1 :]
        sums[row] += right.sum(dtype=np.float64)
        sums[row + 1 :] += right
    total = float(sums.sum())
    shift = sums / (n_trials - 2) - total / (2 * (n_trials - 1) * (n_trials - 2))
    square, start = 0.0, 0
    for row in range(n_trials - 1):
        values = gram[row, row + 1 :] - (shift[row + 1 :] + shift[row])
        square += float(values @ values)
        stop = start + values.size
        out[start:stop] = values
        start = stop
    return square


def _result(
    patterns: Array, quantile: float | None, dtype: np.dtype[Any], out: Array | None
) -> Array:
    """Refuse wrong arguments; give the array (n_pairs,) to write to."""
    check_patterns(patterns)
    if dtype not in (np.float32, np.float64):
        raise ValueError(f"dtype is {dtype}; expected float32 or float64")
    if quantile is not None and not 0 <= quantile <= 0.5:
        raise ValueError(f"quantile is {quantile!r}; expected a number from 0 to 0.5")
    shape = (n_pairs(patterns.shape[0]),)
    if out is None:
        return np.empty(shape, dtype)
    if out.shape != shape or out.dtype != dtype or not out.flags.c_contiguous:
        raise ValueError(
            f"out is {out.dtype} of shape {out.shape}, strides {out.strides}; expected a "
            f"contiguous {dtype} vector of shape {shape}"
        )
    return out
