"""The backbone of a network: maximum spanning trees of a matrix of similarities."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]


class Backbone(NamedTuple):
    """Edges of a backbone, tree by tree, the strongest of a tree first; all (n_edges,)."""

    first: npt.NDArray[np.intp]
    """The end of the edge that comes first."""
    second: npt.NDArray[np.intp]
    """The other end."""
    similarity: FloatArray
    """Similarity of both."""
    tree: npt.NDArray[np.int64]
    """The tree that the edge is of, from 0."""


def spanning_backbone(similarity: Array, n_trees: int) -> Backbone:
    """Unite spanning trees of largest total similarity, none of which uses edges of another.

    Parameters
    ----------
    similarity : array (n_rois, n_rois)
        Symmetric; NaN where two regions cannot be joined. The diagonal does not count.
    n_trees : int
        Number of trees. Where the edges that are left do not join all regions, a tree is a
        forest.

    Returns
    -------
    backbone : Backbone
        At most ``n_trees * (n_rois - 1)`` edges.

    Raises
    ------
    ValueError
        If the matrix is not symmetric, or no tree is asked for.

    Notes
    -----
    A tree depends on the order of the similarities alone, so ranks stand for them: they keep
    edges of similarity 1, which a sparse matrix would take for absent, and of equal ones the
    first is preferred.
    """
    if n_trees < 1:
        raise ValueError(f"{n_trees} trees; expected at least one")
    square = similarity.ndim == 2 and similarity.shape[0] == similarity.shape[1]
    if not square or not np.array_equal(similarity, similarity.T, equal_nan=True):
        raise ValueError(f"a matrix of shape {similarity.shape}; expected a symmetric one")
    first, second = np.triu_indices(len(similarity), k=1)
    value = similarity[first, second].astype(np.float64)
    known = ~np.isnan(value)
    first, second, value = first[known], second[known], value[known]
    order = np.argsort(-value, kind="stable")
    first, second, value = first[order], second[order], value[order]
    tree = np.full(value.size, -1, dtype=np.int64)
    for number in range(n_trees):
        left = np.flatnonzero(tree < 0)
        ranks = coo_array((left + 1.0, (first[left], second[left])), shape=similarity.shape)
        chosen = minimum_spanning_tree(ranks.tocsr()).data.astype(np.intp) - 1
        tree[chosen] = number
    kept = np.lexsort((np.arange(tree.size), tree))
    kept = kept[tree[kept] >= 0]
    return Backbone(first[kept], second[kept], value[kept], tree[kept])
