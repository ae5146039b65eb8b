"""Order of regions along the slowest mode of a matrix of similarities."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.linalg
from scipy.sparse.csgraph import connected_components

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]


def symmetrised(matrix: Array) -> FloatArray:
    """Average a matrix with its transpose; where one of the two is undefined, take the other.

    Parameters
    ----------
    matrix : array (n_rois, n_rois)
        NaN where undefined.

    Returns
    -------
    symmetric : array (n_rois, n_rois), float64
        NaN where both are undefined.

    Raises
    ------
    ValueError
        If the matrix is not square.
    """
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"a matrix of shape {matrix.shape}; expected a square one")
    both = np.stack([matrix, matrix.T]).astype(np.float64)
    known = ~np.isnan(both)
    count = known.sum(axis=0)
    total = np.where(known, both, 0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def spectral_order(similarity: Array) -> IndexArray:
    """Order regions so that similar ones stand together.

    Parameters
    ----------
    similarity : array (n_rois, n_rois)
        Symmetrised first; negative and undefined values count as no connection, and so does the
        diagonal.

    Returns
    -------
    order : array (n_rois,), intp
        Positions of the regions. Groups without a connection between them follow each other by
        their first region; within a group, regions ascend along the Fiedler vector of the
        normalised Laplacian, in the direction in which the group's first region lies in the first
        half.

    Raises
    ------
    ValueError
        If the matrix is not square.

    References
    ----------
    Atkins, Boman & Hendrickson (1998), doi:10.1137/S0097539795285771.
    """
    weights = np.nan_to_num(symmetrised(similarity), nan=0.0).clip(min=0)
    np.fill_diagonal(weights, 0)
    n_groups, group = connected_components(weights > 0, directed=False)
    groups = [np.flatnonzero(group == k) for k in range(n_groups)]
    groups.sort(key=lambda members: int(members[0]))
    parts = [own[_order_of_group(weights[np.ix_(own, own)])] for own in groups]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.intp)


def _order_of_group(weights: FloatArray) -> IndexArray:
    """Order connected regions; with fewer than three there is nothing to choose."""
    if len(weights) < 3:
        return np.arange(len(weights))
    root = np.sqrt(weights.sum(axis=1))
    laplacian = np.eye(len(weights)) - weights / np.outer(root, root)
    _, vectors = scipy.linalg.eigh(laplacian, subset_by_index=(1, 1))
    # The vector of the random walk: constant on regions with the same neighbours. Rounding keeps
    # ties from being broken by the last bits.
    place = np.round(vectors[:, 0] / root, 10)
    order = np.argsort(place, kind="stable")
    first = int(np.flatnonzero(order == 0)[0])
    return np.argsort(-place, kind="stable") if 2 * first >= len(order) else order
