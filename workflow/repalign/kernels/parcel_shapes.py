"""Shapes of parcels on a flat mesh: what belongs to which, and where the borders run."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class ParcelShapes(NamedTuple):
    """A flat mesh, cut along the borders of parcels."""

    pieces: FloatArray
    """Triangles of one label each, (n_pieces, 3, 2)."""
    labels: IntArray
    """Label of each piece, (n_pieces,)."""
    origin: IntArray
    """Triangle of the mesh that each piece is of, (n_pieces,)."""
    borders: FloatArray
    """Straight pieces of borders between labels, (n_segments, 2, 2)."""


def parcel_shapes(places: Array, triangles: Array, labels: Array) -> ParcelShapes:
    """Cut triangles whose corners have different labels at the middles of their sides.

    Parameters
    ----------
    places : array (n_vertices, 2)
        Coordinates of the vertices.
    triangles : array (n_triangles, 3)
        Vertices of each triangle.
    labels : array (n_vertices,)
        Label of each vertex.

    Returns
    -------
    shapes : ParcelShapes
        Pieces cover each triangle once; a corner has what lies nearer to it than to the others,
        up to the shape of the triangle.

    Raises
    ------
    ValueError
        If a triangle has a vertex that has no place or label.
    """
    n_vertices = len(places)
    if len(labels) != n_vertices or (
        triangles.size and not 0 <= triangles.min() <= triangles.max() < n_vertices
    ):
        raise ValueError(f"triangles of other vertices than the {n_vertices} places and labels")
    corners = places.astype(np.float64)[triangles]
    kinds = labels.astype(np.int64)[triangles]
    equal = np.stack([kinds[:, k] == kinds[:, (k + 1) % 3] for k in range(3)], axis=1)
    whole, apart = equal.all(axis=1), ~equal.any(axis=1)
    parts = [(corners[whole], kinds[whole, 0], np.flatnonzero(whole))]
    lines = [np.empty((0, 2, 2))]
    for first in range(3):
        # Two corners agree, and `first` is the other one.
        chosen = np.flatnonzero(equal[:, (first + 1) % 3] & ~whole)
        lone, second, third = (corners[chosen, (first + k) % 3] for k in range(3))
        near, far = (lone + second) / 2, (lone + third) / 2
        own, other = kinds[chosen, first], kinds[chosen, (first + 1) % 3]
        parts += [
            (np.stack([lone, near, far], axis=1), own, chosen),
            (np.stack([near, second, third], axis=1), other, chosen),
            (np.stack([near, third, far], axis=1), other, chosen),
        ]
        lines.append(np.stack([near, far], axis=1))
    chosen = np.flatnonzero(apart)
    centre = corners[chosen].mean(axis=1)
    for k in range(3):
        corner, after, before = (corners[chosen, (k + s) % 3] for s in range(3))
        near, far = (corner + after) / 2, (corner + before) / 2
        for shape in ((corner, near, centre), (corner, centre, far)):
            parts.append((np.stack(shape, axis=1), kinds[chosen, k], chosen))
        lines.append(np.stack([near, centre], axis=1))
    pieces, own, origin = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return ParcelShapes(pieces, own, origin, np.concatenate(lines))


def parcel_centres(places: Array, labels: Array) -> dict[int, FloatArray]:
    """Find a place inside each parcel for its name.

    Parameters
    ----------
    places : array (n_vertices, 2)
        Coordinates of the vertices; NaN for those that the mesh does not have.
    labels : array (n_vertices,)
        Label of each vertex; 0 is no parcel.

    Returns
    -------
    centres : dict of int to array, shape (2,)
        The vertex of each parcel that lies nearest to the mean of them all, ascending by label.
    """
    there = ~np.isnan(places).any(axis=1)
    centres = {}
    for label in np.unique(labels[there & (labels > 0)]):
        own = places[there & (labels == label)].astype(np.float64)
        away = np.square(own - own.mean(axis=0)).sum(axis=1)
        centres[int(label)] = own[away.argmin()]
    return centres
