"""Backbones of networks of regions: edges, their directions, and places of the regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.figures.rows import Floats
from repalign.kernels.layout import graph_distances, stress_layout
from repalign.kernels.paired import PairedTests
from repalign.kernels.spanning import Backbone, spanning_backbone
from repalign.kernels.spectral import symmetrised

LEVEL = 0.05
"""False discovery rate up to which an edge has a direction."""
SHORTEST = 0.25
"""Least length of an edge, 1 less its similarity, so that discs do not cover each other."""


@dataclass(frozen=True)
class Network:
    """One backbone, ready to be drawn.

    Attributes
    ----------
    title : str
        Above the panel.
    names, hubs : sequence of str
        Of each region; a region in no hub has an empty one.
    depth : ndarray, shape (n_rois,)
        Peak depth of each region; NaN where undefined.
    edges : Backbone
        By position of the regions.
    places : ndarray, shape (n_rois, 2)
        From `stress_layout`.
    direction : ndarray of int, shape (n_edges,)
        1: the first end is shallower than the second; -1: the second is; 0: neither is for sure.
    q : ndarray, shape (n_edges,)
        Adjusted p-value of that difference; NaN without a test.
    """

    title: str
    names: Sequence[str]
    hubs: Sequence[str]
    depth: Floats
    edges: Backbone
    places: Floats
    direction: npt.NDArray[np.int64]
    q: Floats


def make_network(
    title: str,
    nodes: tuple[Sequence[str], Sequence[str]],
    similarity: Floats,
    depth: Floats,
    n_trees: int,
    tests: PairedTests | None = None,
) -> Network:
    """Work out the backbone of a matrix of similarities.

    Parameters
    ----------
    title : str
        Above the panel.
    nodes : (sequence of str, sequence of str)
        Names and hubs of the regions.
    similarity : ndarray, shape (n_rois, n_rois)
        Averaged with its transpose first.
    depth : ndarray, shape (n_rois,)
        Peak depth of each region.
    n_trees : int
        Spanning trees that are united.
    tests : PairedTests, optional
        Of the depths of every two regions, in the order of the matrix; without them no edge has
        a direction.

    Returns
    -------
    Network
        An edge points from the shallower to the deeper region where their difference is
        significant at `LEVEL`.
    """
    edges = spanning_backbone(symmetrised(similarity), n_trees)
    length = np.maximum(1 - edges.similarity, SHORTEST)
    places = stress_layout(graph_distances(len(depth), edges.first, edges.second, length))
    direction = np.zeros(len(edges.first), dtype=np.int64)
    q = np.full(len(edges.first), np.nan)
    if tests is not None:
        q = tests.q[edges.first, edges.second]
        difference = tests.difference[edges.first, edges.second]
        known = ~np.isnan(q)
        significant = known & (np.where(known, q, 1) <= LEVEL)
        direction[significant] = -np.sign(difference[significant]).astype(np.int64)
    return Network(title, *nodes, depth, edges, places, direction, q)


def network_numbers(networks: Sequence[Network]) -> pd.DataFrame:
    """Return the drawn edges.

    Returns
    -------
    DataFrame
        panel, tree (from 1), first, second, similarity, depth_first, depth_second, q, arrow
        (`>` from first to second, `<` back, or empty).
    """
    frames = []
    for network in networks:
        edges, names = network.edges, np.array(network.names, dtype=object)
        frames.append(
            pd.DataFrame(
                {
                    "panel": network.title,
                    "tree": edges.tree + 1,
                    "first": names[edges.first],
                    "second": names[edges.second],
                    "similarity": edges.similarity,
                    "depth_first": network.depth[edges.first],
                    "depth_second": network.depth[edges.second],
                    "q": network.q,
                    "arrow": np.array(["", ">", "<"], dtype=object)[network.direction],
                }
            )
        )
    return pd.concat(frames, ignore_index=True)
