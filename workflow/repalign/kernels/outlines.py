"""Areas of outlines, whole and inside a rectangle: polygons, and masks as run lengths."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

Rectangle = tuple[float, float, float, float]
"""x0, y0, x1, y1; y points down."""


def polygon_area(points: Float64) -> float:
    """Return the area that a polygon encloses.

    Parameters
    ----------
    points : ndarray of float64, shape (n_points, 2)
        Corners in order; the last is joined to the first. It may be concave, but its edges must
        not cross, or parts cancel.

    Returns
    -------
    float
        0 for fewer than three points.
    """
    if len(points) < 3:
        return 0.0
    # Relative to a corner: products of large coordinates would cancel.
    x, y = (points - points[0]).T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def clip_polygon(points: Float64, rectangle: Rectangle) -> Float64:
    """Cut a polygon along the edges of a rectangle.

    Parameters
    ----------
    points : ndarray of float64, shape (n_points, 2)
        As for `polygon_area`.
    rectangle : tuple of float
        x0, y0, x1, y1.

    Returns
    -------
    ndarray of float64, shape (n_left, 2)
        The part inside. Pieces of a concave polygon stay joined along the edges of the
        rectangle, which adds nothing to the area.

    Notes
    -----
    Sutherland & Hodgman (1974), doi:10.1145/360767.360802.
    """
    for axis, bound, side in zip((0, 1, 0, 1), rectangle, (1, 1, -1, -1), strict=True):
        points = _cut(points, axis, bound, side)
    return points


def _cut(points: Float64, axis: int, bound: float, side: int) -> Float64:
    """Keep what lies on one side of a line along an axis."""
    distance = (points[:, axis] - bound) * side
    if (distance >= 0).all():
        return points
    following, after = np.roll(points, -1, axis=0), np.roll(distance, -1)
    inside = distance >= 0
    crosses = inside != (after >= 0)
    step = np.where(crosses, distance / np.where(crosses, distance - after, 1), 0)
    crossing = points + step[:, np.newaxis] * (following - points)
    crossing[:, axis] = bound
    # Each corner that is kept, then the crossing on the edge that leaves it.
    both = np.stack([points, crossing], axis=1).reshape(-1, 2)
    return np.asarray(both[np.stack([inside, crosses], axis=1).ravel()])


def polygons_inside(polygons: Sequence[Float64], rectangle: Rectangle) -> tuple[float, float]:
    """Return the area of polygons, and how much of it lies inside a rectangle.

    Parameters
    ----------
    polygons : sequence of ndarray of float64, each of shape (n_points, 2)
        Parts of one object; parts that overlap count twice.
    rectangle : tuple of float
        x0, y0, x1, y1.

    Returns
    -------
    total, inside : float
        Areas.
    """
    total = sum(polygon_area(points) for points in polygons)
    inside = sum(polygon_area(clip_polygon(points, rectangle)) for points in polygons)
    return float(total), float(inside)


def runs_inside(counts: Int64, size: tuple[int, int], rectangle: Rectangle) -> tuple[float, float]:
    """Return the pixels of a mask, and how many have their centre inside a rectangle.

    Parameters
    ----------
    counts : ndarray of int64, shape (n_runs,)
        Lengths of runs of pixels outside, inside, outside, ... the object, down the first
        column, then the second, and so on.
    size : tuple of int
        Height and width of the mask.
    rectangle : tuple of float
        x0, y0, x1, y1.

    Returns
    -------
    total, inside : float
        Numbers of pixels.

    Raises
    ------
    ValueError
        If the runs do not fill the mask.
    """
    height, width = size
    if (counts < 0).any() or counts.sum() != height * width:
        raise ValueError(f"runs of {counts.sum()} pixels for a mask of {height} x {width}")
    covered = np.repeat(np.arange(counts.size) % 2 == 1, counts).reshape(width, height)
    x0, y0, x1, y1 = rectangle
    columns, rows = np.arange(width) + 0.5, np.arange(height) + 0.5
    kept = covered[(columns >= x0) & (columns < x1)][:, (rows >= y0) & (rows < y1)]
    return float(covered.sum()), float(kept.sum())
