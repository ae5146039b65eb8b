"""Places of the nodes of a graph in a plane, the same ones whenever the graph is the same."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.linalg
from scipy.sparse import coo_array
from scipy.sparse.csgraph import shortest_path

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]


def graph_distances(
    n_nodes: int, first: IndexArray, second: IndexArray, length: FloatArray
) -> FloatArray:
    """Length of the shortest path between every two nodes.

    Parameters
    ----------
    n_nodes : int
        Number of nodes.
    first, second : array (n_edges,)
        Ends of the edges.
    length : array (n_edges,)
        Lengths of the edges, above 0.

    Returns
    -------
    distance : array (n_nodes, n_nodes), float64
        Nodes without a path between them are as far apart as the two farthest ones with a path,
        and half as far again.

    Raises
    ------
    ValueError
        If a length is not above 0.
    """
    if np.any(~(length > 0)):
        raise ValueError("an edge without a length above 0")
    edges = coo_array((length, (first, second)), shape=(n_nodes, n_nodes)).tocsr()
    distance = np.asarray(shortest_path(edges, directed=False), dtype=np.float64)
    reached = np.isfinite(distance)
    distance[~reached] = 1.5 * max(distance[reached].max(initial=0.0), 1.0)
    return distance


def stress_layout(distance: FloatArray, n_iterations: int = 400) -> FloatArray:
    """Place nodes in a plane so that their distances are as near as possible to given ones.

    Parameters
    ----------
    distance : array (n_nodes, n_nodes)
        Symmetric, above 0 off the diagonal.
    n_iterations : int
        Steps of stress majorisation; each lessens the stress.

    Returns
    -------
    places : array (n_nodes, 2), float64
        Centred. The longer extent lies along x, the first node is not right of the centre and not
        below it, so that equal graphs look equal.

    Notes
    -----
    Stress with weights ``distance ** -2``, majorised from classical scaling: no random start.
    Gansner, Koren & North (2004), doi:10.1007/978-3-540-31843-9_25.
    """
    n_nodes = len(distance)
    if n_nodes < 2:
        return np.zeros((n_nodes, 2))
    places = _classical_scaling(distance)
    with np.errstate(divide="ignore"):
        weights = np.where(distance > 0, distance**-2.0, 0.0)
    laplacian = np.diag(weights.sum(axis=1)) - weights
    # The Laplacian is singular along shifts of all nodes; the added constant takes that away.
    solver = scipy.linalg.cho_factor(laplacian + weights.mean())
    for _ in range(n_iterations):
        offsets = places[:, None] - places[None]
        apart = np.hypot(offsets[..., 0], offsets[..., 1])
        pull = np.divide(weights * distance, apart, out=np.zeros_like(apart), where=apart > 0)
        target = np.diag(pull.sum(axis=1)) - pull
        places = scipy.linalg.cho_solve(solver, target @ places)
    centred: FloatArray = places - places.mean(axis=0)
    return _oriented(centred)


def _classical_scaling(distance: FloatArray) -> FloatArray:
    """Place nodes by the two largest components of their centred squared distances."""
    n_nodes = len(distance)
    centring = np.eye(n_nodes) - 1 / n_nodes
    inner = -0.5 * centring @ distance**2 @ centring
    values, vectors = scipy.linalg.eigh(inner)
    places: FloatArray = vectors[:, [-1, -2]] * np.sqrt(np.maximum(values[[-1, -2]], 0))
    # Nodes at one place would never part; a spiral too small to see tells them apart.
    angle = np.arange(n_nodes) * (np.pi * (3 - np.sqrt(5)))
    radius = 1e-3 * distance.max() * np.sqrt(np.arange(n_nodes) / n_nodes)
    spiral: FloatArray = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    moved: FloatArray = places + spiral
    return moved


def _oriented(places: FloatArray) -> FloatArray:
    """Turn the longer extent to x and mirror the first node to the upper left."""
    _, axes = scipy.linalg.eigh(places.T @ places)
    turned: FloatArray = places @ axes[:, ::-1]
    signs = np.array([-1.0 if turned[0, 0] > 0 else 1.0, -1.0 if turned[0, 1] < 0 else 1.0])
    mirrored: FloatArray = turned * signs
    return mirrored
