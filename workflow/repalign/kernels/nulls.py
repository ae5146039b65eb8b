"""Products of permuted RDMs, one permutation at a time, for several regions together.

The statistic is ``<z_x, P z_y>``, the dot product of a unit RDM vector with another one whose
trials are permuted: ``sum over a < b of x[a, b] * y[pi[a], pi[b]]`` with the two as symmetric
matrices. A permuted RDM is never stored.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from repalign.kernels.rdm import n_trials_of

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]

#: Regions that share one gather index: eight float32 are the 32 bytes that NumPy moves at once.
INTERLEAVED = 8

#: Bytes of the rows of both RDMs and of their product that are worked on at once; they stay in
#: the second-level cache.
BLOCK_BYTES = 1 << 20

#: Products are first added up in this many sums a region, so that the inner loop is long.
LANES = 64


def square_rdms(vectors: Array) -> Array:
    """Symmetric matrices (n_rois, n_trials, n_trials) of condensed RDMs (n_rois, n_pairs).

    The diagonal is zero; the dtype stays.
    """
    return np.ascontiguousarray(np.moveaxis(interleave(vectors), 2, 0))


def interleave(vectors: Array) -> Array:
    """Symmetric matrices (n_trials, n_trials, n_rois) of condensed RDMs (n_rois, n_pairs).

    Entries of all regions for one pair of trials lie next to each other; the diagonal is zero.

    Raises
    ------
    ValueError
        If `vectors` are not float32 or float64, or n_pairs is not n (n - 1) / 2.
    """
    if vectors.ndim != 2 or vectors.dtype not in (np.float32, np.float64):
        raise ValueError(
            f"vectors are {vectors.dtype} of shape {vectors.shape}; expected float32 or float64 "
            "of shape (n_rois, n_pairs)"
        )
    n_rois, n_pairs = vectors.shape
    n = n_trials_of(n_pairs)
    matrices = np.zeros((n, n, n_rois), vectors.dtype)
    start = 0
    for row in range(n - 1):
        stop = start + n - 1 - row
        matrices[row, row + 1 :] = vectors[:, start:stop].T
        matrices[row + 1 :, row] = matrices[row, row + 1 :]
        start = stop
    return matrices


def permuted_products(x: Array, y: Array, permutations: Array) -> FloatArray:
    """``<x, P y>`` of every region, for every permutation.

    Parameters
    ----------
    x, y : arrays (n_trials, n_trials, n_rois), float32 or float64
        Unit RDMs as symmetric matrices, regions interleaved (see `interleave`); region r of `x`
        meets region r of `y`. Eight float32 regions at once are fastest.
    permutations : array (n_permutations, n_trials), integer
        Rows are permutations of the trials of `y` (see `repalign.kernels.permutations`).

    Returns
    -------
    products : array (n_permutations, n_rois), float64
        Correlations of the RDMs; NaN for a region that holds NaN on either side.

    Raises
    ------
    ValueError
        If shapes or dtypes do not fit or a row is not a permutation.

    Notes
    -----
    Row a of `x` meets row pi[a] of `y`: the rows of a block are copied one after the other, then
    entries are gathered within rows, where they are in the cache, and one index serves all
    regions. A block of `x` stays in the cache for all permutations. Products are summed in
    their own dtype over a block of rows (about 1 MiB) and in float64 over blocks.

    The limit is memory: every permutation reads all of `y` once, 4 n**2 bytes a region, which
    takes three fifths of the time at n = 3000. Gathering rows where they are, or streaming half
    of `x` instead, measured the same. Few permutations a call cost more: `x` is copied in blocks.
    """
    _check(x, y, permutations)
    n, _, n_rois = x.shape
    total = np.zeros((len(permutations), n_rois))
    if n < 2 or n_rois == 0:
        return total
    # The same blocks, so the same rounding, whatever regions are together.
    step = max(1, BLOCK_BYTES // (3 * n * INTERLEAVED * x.itemsize))
    width = LANES * n_rois
    rows = np.empty((step, n, n_rois), y.dtype)
    padded = np.empty((2, -(-step * n // LANES) * width), y.dtype)
    lanes = np.empty(width, y.dtype)
    for first in range(0, n - 1, step):
        last = min(first + step, n - 1)
        shape = (last - first, n - 1 - first, n_rois)
        size = math.prod(shape)
        used = padded[:, : -(-size // width) * width]
        used[:] = 0
        mine, gathered = used[:, :size].reshape(2, *shape)
        mine[:] = x[first:last, first + 1 :]
        for row in range(1, last - first):
            mine[row, :row] = 0
        theirs = rows[: last - first]
        factors = used.reshape(2, -1, width)
        for draw, permutation in enumerate(permutations):
            # Clipping never happens; it spares NumPy a copy of the output.
            np.take(y, permutation[first:last], axis=0, out=theirs, mode="clip")
            np.take(theirs, permutation[first + 1 :], axis=1, out=gathered, mode="clip")
            np.einsum("kl,kl->l", factors[0], factors[1], out=lanes)
            total[draw] += lanes.reshape(LANES, n_rois).sum(axis=0, dtype=np.float64)
    # Zeros below the diagonal of a block cannot hide a NaN: its mirror image is above.
    return total


def pooled_products(
    x: Mapping[int, Array], y: Mapping[int, Array], product: Callable[[Array, Array], FloatArray]
) -> FloatArray:
    """Mean of ``<x_i, P y_j>`` over all ordered pairs of subjects i != j, from sums.

    Parameters
    ----------
    x, y : mappings from subject to an array, shape (...)
        RDMs of the subjects of one class of trial sets: all subjects i of `x` and j of `y` whose
        pairs (i, j) share their trials. All of one shape, in whatever form `product` takes.
    product : function of two such arrays to one of shape (n_permutations, ...)
        Returns ``<x, P y>`` for all draws, the same ones at every call; linear in both.

    Returns
    -------
    mean : array, shape (n_permutations, ...), float64
        NaN for a region that is undefined in any of the subjects.

    Raises
    ------
    ValueError
        If there is no pair i != j.

    Notes
    -----
    ``<sum of x_i, P sum of y_j> - sum of <x_i, P y_i>`` over the subjects on both sides: one call
    and one a subject instead of one a pair, 9 instead of 56 for 8 subjects.
    """
    n_ordered = n_pooled_pairs(x, y)
    if n_ordered == 0:
        raise ValueError(
            f"subjects are {sorted(x)} and {sorted(y)}; expected at least one pair of two subjects"
        )
    total = product(_sum(x), _sum(y))
    for subject in sorted(x.keys() & y.keys()):
        total = total - product(x[subject], y[subject])
    return total / n_ordered


def n_pooled_pairs(x: Mapping[int, object], y: Mapping[int, object]) -> int:
    """Count the ordered pairs i != j: the weight of a class in a mean over all pairs."""
    return len(x) * len(y) - len(x.keys() & y.keys())


def _sum(rdms: Mapping[int, Array]) -> Array:
    """Sum over subjects, in a fixed order."""
    first, *others = sorted(rdms)
    total = rdms[first].copy()
    for subject in others:
        total += rdms[subject]
    return total


def _check(x: Array, y: Array, permutations: Array) -> None:
    """Refuse arrays that do not fit each other, and rows that are not permutations."""
    fits = (
        x.ndim == 3
        and x.shape == y.shape
        and x.shape[0] == x.shape[1]
        and x.dtype == y.dtype
        and x.dtype in (np.float32, np.float64)
    )
    if not fits:
        raise ValueError(
            f"x and y are {x.dtype} of shape {x.shape} and {y.dtype} of shape {y.shape}; expected "
            "the same float dtype and shape (n_trials, n_trials, n_rois)"
        )
    n = len(x)
    if permutations.ndim != 2 or permutations.shape[1] != n or permutations.dtype.kind not in "iu":
        raise ValueError(
            f"permutations are {permutations.dtype} of shape {permutations.shape}; expected "
            f"integers of shape (n_permutations, {n})"
        )
    for draw, row in enumerate(permutations):
        if not np.array_equal(np.sort(row), np.arange(n)):
            raise ValueError(f"row {draw} is not a permutation of 0 to {n - 1}")
