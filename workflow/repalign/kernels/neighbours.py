"""Mutual nearest neighbours: how many neighbours the stimuli have in common in two layers.

The neighbours in a layer are a matrix of zeros and ones (n_stimuli, n_stimuli) with k ones a row.
Only the places of the ones are kept, so a layer costs little, and all layers are compared with
all layers by one product of sparse matrices.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from repalign.kernels.centred import CentredPatterns, centre
from repalign.kernels.quantiles import check_patterns
from repalign.kernels.rdm import CHUNK, FLAT_ROUNDINGS

Array = npt.NDArray[Any]
Float64 = npt.NDArray[np.float64]
Places = npt.NDArray[np.int32]

#: Stands in all places of a layer without neighbours.
UNDEFINED = -1


def unit_rows(patterns: Array) -> Array:
    """Divide rows by their Euclidean norms.

    Parameters
    ----------
    patterns : array (n_stimuli, n_dims), float32 or float64
        Features; never modified.

    Returns
    -------
    unit : array (n_stimuli, n_dims) of the dtype of `patterns`
        Rows of norm 1, norms taken in float64; a row of zeros stays one.

    Raises
    ------
    ValueError
        If `patterns` are no matrix of float32 or float64.
    """
    if patterns.ndim != 2 or patterns.dtype not in (np.float32, np.float64):
        raise ValueError(
            f"patterns are {patterns.dtype} of shape {patterns.shape}; expected float32 or "
            "float64 of shape (n_stimuli, n_dims)"
        )
    unit = np.empty(patterns.shape, patterns.dtype)
    rows = max(1, CHUNK // max(1, patterns.shape[1]))
    for start in range(0, patterns.shape[0], rows):
        block = patterns[start : start + rows].astype(np.float64)
        # Scaled by the largest entry first, so that squares stay within range.
        size = np.abs(block).max(axis=1, initial=0, keepdims=True)
        block /= np.where(size > 0, size, 1)
        norm = np.sqrt(np.vecdot(block, block))[:, np.newaxis]
        unit[start : start + rows] = block / np.where(norm > 0, norm, 1)
    return unit


def nearest_neighbours(
    patterns: Array, k: int, dtype: npt.DTypeLike = np.float32, out: Places | None = None
) -> Places:
    """Find the `k` nearest neighbours of each stimulus: those with the largest inner product.

    Parameters
    ----------
    patterns : array (n_stimuli, n_dims), any integer or floating dtype
        Features. Rows of norm 1 (`unit_rows`) make the inner product a cosine.
    k : int
        Neighbours of a stimulus, which is not a neighbour of itself.
    dtype : float32 or float64
        Precision of the inner products.
    out : array (n_stimuli * k,), int32, optional
        Receives the result: a row of an (n_layers, n_stimuli * k) array, say.

    Returns
    -------
    places : array (n_stimuli * k,), int32
        ``i * n_stimuli + j`` for each neighbour j of each stimulus i, ascending (`out` if given).
        All -1 if there are at most `k` stimuli, no dimensions, or the inner products of different
        stimuli are all equal apart from rounding.

    Raises
    ------
    ValueError
        If `patterns` are not a numeric matrix or not finite, `k` is below 1, or `out` does not
        fit.

    Notes
    -----
    Ties: of equal inner products, as they are computed, the stimulus with the smaller index is
    nearer. The published code leaves that to the order in which PyTorch's `topk` returns them.

    With m the mean pattern and c = x - m, the order of <x_i, x_j> over j is that of
    <c_i, c_j> + <m, c_j>, because the rest depends on i alone. The second form is computed:
    patterns that are all but parallel, as those of language models, have inner products that
    differ in their last float32 digits only.

    References
    ----------
    Huh, M., Cheung, B., Wang, T. & Isola, P. (2024). The Platonic Representation Hypothesis.
    ICML. https://arxiv.org/abs/2405.07987
    """
    check_patterns(patterns)
    n_stimuli = len(patterns)
    if k < 1:
        raise ValueError(f"k is {k}; expected 1 neighbour or more")
    places = _result(n_stimuli * k, out)
    if 0 in patterns.shape:
        places.fill(UNDEFINED)
        return places
    return centred_neighbours(centre(patterns, None, dtype), k, places)


def centred_neighbours(centred: CentredPatterns, k: int, out: Places) -> Places:
    """Compute `nearest_neighbours` of patterns that are centred already.

    Parameters
    ----------
    centred : CentredPatterns
        From `centre`.
    k : int
        Neighbours of a stimulus.
    out : array (n_stimuli * k,), int32
        Receives the result.

    Returns
    -------
    places : array (n_stimuli * k,), int32
        `out`.
    """
    n_stimuli = len(centred.values)
    scores = _scores(centred) if n_stimuli > k else None
    if scores is None:
        out.fill(UNDEFINED)
        return out
    # The k-th largest of each row, and all that are not below it.
    bound = np.partition(scores, n_stimuli - k, axis=1)[:, n_stimuli - k]
    chosen = scores >= bound[:, np.newaxis]
    surplus = chosen.sum(axis=1) - k
    for row in np.flatnonzero(surplus):
        tied = np.flatnonzero(scores[row] == bound[row])
        chosen[row, tied[tied.size - surplus[row] :]] = False
    out[:] = np.flatnonzero(chosen)
    return out


def mutual_knn(x: Places, y: Places, k: int) -> Float64:
    """Mean share of common neighbours, of all layers of `x` with all of `y`.

    Parameters
    ----------
    x, y : arrays (n_layers_x, n_stimuli * k) and (n_layers_y, n_stimuli * k), int32
        From `nearest_neighbours`, of the same stimuli in the same order.
    k : int
        Neighbours of a stimulus.

    Returns
    -------
    share : array (n_layers_x, n_layers_y), float64
        0 to 1, exact: the number of common neighbours over k times n_stimuli. Unrelated layers
        share k / (n_stimuli - 1) on average. NaN in the row or column of a layer without
        neighbours.

    Raises
    ------
    ValueError
        If shapes do not fit, or places are not of so many stimuli.
    """
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1] or x.shape[1] % k:
        raise ValueError(
            f"x and y are of shapes {x.shape} and {y.shape}; expected (n_layers, n_stimuli * {k})"
        )
    if len(x) > len(y):
        # The product transposes its second factor, which is better the smaller one.
        return mutual_knn(y, x, k).T
    n_stimuli = x.shape[1] // k
    common = _marks(y, n_stimuli) @ _marks(x, n_stimuli).T
    share: Float64 = common.toarray().T / (k * n_stimuli)
    share[(x == UNDEFINED).all(axis=1)] = np.nan
    share[:, (y == UNDEFINED).all(axis=1)] = np.nan
    return share


def _scores(centred: CentredPatterns) -> Array | None:
    """Return what orders the neighbours of each row (n_stimuli, n_stimuli), if anything does."""
    along_mean = centred.along_mean()
    along_mean -= along_mean.mean()
    scores: Array = centred.products + centred.products.T
    size = max(centred.size, float(np.abs(along_mean).max()))
    scores += along_mean.astype(scores.dtype)
    np.fill_diagonal(scores, np.inf)
    smallest = float(scores.min())
    np.fill_diagonal(scores, -np.inf)
    spread = float(scores.max()) - smallest
    # Written so that a spread of NaN (a single stimulus) counts as flat.
    if spread > FLAT_ROUNDINGS * float(np.finfo(scores.dtype).eps) * size:
        return scores
    return None


def _marks(places: Places, n_stimuli: int) -> csr_array:
    """Ones at the places of each layer, (n_layers, n_stimuli ** 2); none where undefined."""
    known = places != UNDEFINED
    # The sparse product does not look where it reads.
    if places.size and not 0 <= places.max(where=known, initial=0) < n_stimuli**2:
        raise ValueError(f"place {places.max()}; expected places below {n_stimuli}^2")
    ends = np.concatenate([[0], np.cumsum(known.sum(axis=1))])
    ones = np.ones(ends[-1], dtype=np.int32)
    return csr_array((ones, places[known], ends), shape=(len(places), n_stimuli**2))


def _result(length: int, out: Places | None) -> Places:
    """Give the array to write to."""
    if out is None:
        return np.empty(length, np.int32)
    if out.shape != (length,) or out.dtype != np.int32:
        raise ValueError(
            f"out is {out.dtype} of shape {out.shape}; expected int32 of shape ({length},)"
        )
    return out
