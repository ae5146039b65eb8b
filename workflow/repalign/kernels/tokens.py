"""Distances between texts, from how often each holds each token.

A *count matrix* is (n_stimuli, n_tokens), sparse or not: entry (i, t) says how often text i holds
token t. The vocabulary of a comparison is the tokens that at least one of its texts holds; columns
of zeros never change a result. Distances are condensed RDMs: the strict upper triangle, row by
row, as in `repalign.kernels.rdm`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

Array = npt.NDArray[Any]
Integers = npt.NDArray[np.int64]

#: Whole numbers up to here are exact in float64, so that every sum and product below is.
EXACT = 1 << 53


def jaccard_rdm(counts: Any, dtype: npt.DTypeLike = np.float64) -> Array:  # noqa: ANN401
    """Jaccard distance between the token sets of all pairs of texts.

    Parameters
    ----------
    counts : array or SciPy sparse matrix (n_stimuli, n_tokens)
        Whole numbers of at least 0, of any numeric dtype; never modified.
    dtype : float32 or float64
        Precision of the result; all before it is exact.

    Returns
    -------
    distances : array (n_pairs,) of `dtype`
        1 - |a and b| / |a or b|, 0 to 1. Two texts without tokens are equal: distance 0.

    Raises
    ------
    ValueError
        If `counts` is no matrix of whole numbers of at least 0.

    References
    ----------
    Jaccard, P. (1912). The distribution of the flora in the alpine zone. New Phytologist 11,
    37-50. https://doi.org/10.1111/j.1469-8137.1912.tb05611.x
    """
    held = _presence(_checked(counts))
    common, sizes = _products(held), _row_sums(held)
    either = _pairwise(np.add, sizes) - common
    distances: Array = np.divide(
        either - common, either, out=np.zeros(len(common)), where=either > 0
    )
    return distances.astype(dtype, copy=False)


def binary_correlation_rdm(counts: Any, dtype: npt.DTypeLike = np.float64) -> Array:  # noqa: ANN401
    """Correlation distance between the token sets of all pairs of texts.

    Parameters
    ----------
    counts, dtype
        As in `jaccard_rdm`.

    Returns
    -------
    distances : array (n_pairs,) of `dtype`
        1 - Pearson correlation over the vocabulary of vectors that are 1 where a text holds a
        token and 0 elsewhere. A text whose vector is constant, for it holds no token or every
        one, has distance 1 to all others, as constant patterns have.

    Raises
    ------
    ValueError
        As in `jaccard_rdm`.
    """
    return _correlation_rdm(_presence(_checked(counts)), dtype)


def count_correlation_rdm(counts: Any, dtype: npt.DTypeLike = np.float64) -> Array:  # noqa: ANN401
    """Correlation distance between the token counts of all pairs of texts.

    Parameters
    ----------
    counts, dtype
        As in `jaccard_rdm`.

    Returns
    -------
    distances : array (n_pairs,) of `dtype`
        1 - Pearson correlation over the vocabulary. A text that holds all tokens equally often,
        or none, has distance 1 to all others.

    Raises
    ------
    ValueError
        As in `jaccard_rdm`, or if counts are so large that their products are not exact.
    """
    return _correlation_rdm(_checked(counts), dtype)


TOKEN_DISTANCES: dict[str, Callable[..., Array]] = {
    "jaccard": jaccard_rdm,
    "correlation": binary_correlation_rdm,
    "correlation_freq": count_correlation_rdm,
}
"""Distances by their published names, in their published order."""


def _correlation_rdm(matrix: sparse.csr_array, dtype: npt.DTypeLike) -> Array:
    """1 - r of the rows (n_pairs,) of `dtype`, from sums of whole numbers without rounding."""
    n_tokens = matrix.shape[1]
    sums, squares = _row_sums(matrix), _row_sums(matrix * matrix)
    if n_tokens * int(squares.max(initial=0)) >= EXACT:
        raise ValueError(
            f"counts of {n_tokens} tokens with a sum of squares of {squares.max()}; expected a "
            f"product of at most {EXACT}"
        )
    # n_tokens**2 times variances and covariances. Between equal rows the quotient is exactly 1.
    spread = n_tokens * squares - sums * sums
    common = n_tokens * _products(matrix) - _pairwise(np.multiply, sums)
    scale = np.sqrt(_pairwise(np.multiply, spread.astype(np.float64)))
    similarity: Array = np.divide(common, scale, out=np.zeros(len(common)), where=scale > 0)
    return (1 - similarity).astype(dtype, copy=False)


def _checked(counts: Any) -> sparse.csr_array:  # noqa: ANN401
    """Return counts as int64 without the columns of tokens that no text holds."""
    if not sparse.issparse(counts) and np.ndim(counts) != 2:
        raise ValueError(
            f"counts have {np.ndim(counts)} axes; expected a matrix (n_stimuli, n_tokens)"
        )
    given = sparse.csr_array(counts)
    if given.dtype.kind not in "biuf":
        raise ValueError(f"counts are {given.dtype}; expected numbers")
    values = given.data
    wrong = (values < 0) | (values != np.floor(values)) | (values >= EXACT)
    if wrong.any():
        raise ValueError(
            f"counts hold {values[wrong][0]}; expected whole numbers of at least 0 and below 2**53"
        )
    matrix = given.astype(np.int64)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    present: sparse.csr_array = matrix[:, np.unique(matrix.indices)]
    return present


def _presence(matrix: sparse.csr_array) -> sparse.csr_array:
    """Return 1 for every token that a text holds."""
    held = matrix.copy()
    held.data[:] = 1
    return held


def _row_sums(matrix: sparse.csr_array) -> Integers:
    """Return the sums of the rows (n_stimuli,)."""
    sums: Integers = np.asarray(matrix.sum(axis=1), dtype=np.int64).ravel()
    return sums


def _products(matrix: sparse.csr_array) -> Integers:
    """Dot products of all pairs of rows (n_pairs,)."""
    return _upper(np.asarray((matrix @ matrix.T).toarray()))


def _pairwise(operation: np.ufunc, values: Array) -> Array:
    """Combine the values (n_stimuli,) of all pairs of texts into (n_pairs,)."""
    return _upper(operation.outer(values, values))


def _upper(square: Array) -> Array:
    """Strict upper triangle (n_pairs,) of a square, row by row."""
    n = len(square)
    upper: Array = square[np.tri(n, dtype=bool).T & ~np.eye(n, dtype=bool)]
    return upper
