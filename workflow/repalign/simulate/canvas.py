"""A small drawing surface: soft-edged shapes painted with NumPy alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Colour = tuple[float, float, float]
_Distance = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]


def shade(colour: Colour, amount: float) -> Colour:
    """Lighten (positive amount) or darken (negative) a colour; 1 is white, -1 black."""
    if amount >= 0:
        red, green, blue = (c + (1 - c) * amount for c in colour)
    else:
        red, green, blue = (c * (1 + amount) for c in colour)
    return red, green, blue


class Canvas:
    """A square picture; lengths and places are shares of its side, y points down.

    Parameters
    ----------
    size : int
        Side, pixels.

    Attributes
    ----------
    pixels : ndarray, float32, shape (size, size, 3)
        Red, green and blue in 0 to 1.
    drawn : ndarray, bool, shape (size, size)
        Pixels covered since the last `start_object`.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.pixels = np.zeros((size, size, 3), np.float32)
        self.drawn = np.zeros((size, size), bool)
        self._axis = ((np.arange(size) + 0.5) / size).astype(np.float32)

    def start_object(self) -> None:
        """Forget which pixels were drawn."""
        self.drawn[:] = False

    def _paint(
        self, bounds: tuple[float, float, float, float], distance: _Distance, colour: Colour
    ) -> None:
        """Blend a colour in where the signed distance is negative, with an edge of one pixel."""
        left, top, right, bottom = (int(np.floor(edge * self.size)) for edge in bounds)
        rows = slice(max(top - 1, 0), max(min(bottom + 2, self.size), 0))
        columns = slice(max(left - 1, 0), max(min(right + 2, self.size), 0))
        x, y = self._axis[columns][None, :], self._axis[rows][:, None]
        alpha = np.clip(0.5 - distance(x, y) * self.size, 0, 1)[..., None]
        target = self.pixels[rows, columns]
        target += alpha * (np.asarray(colour, np.float32) - target)
        self.drawn[rows, columns] |= alpha[..., 0] >= 0.5

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """Paint an ellipse with centre (x, y) and radii rx, ry."""
        rx, ry = max(rx, 1e-3), max(ry, 1e-3)

        def distance(px: NDArray[np.float32], py: NDArray[np.float32]) -> NDArray[np.float32]:
            radius = np.sqrt(((px - x) / rx) ** 2 + ((py - y) / ry) ** 2)
            return np.asarray((radius - 1) * min(rx, ry), np.float32)

        self._paint((x - rx, y - ry, x + rx, y + ry), distance, colour)

    def box(
        self, left: float, top: float, width: float, height: float, colour: Colour,
        corner: float = 0.0,
    ) -> None:  # fmt: skip
        """Paint a rectangle, with corners rounded by a radius."""
        corner = min(corner, width / 2, height / 2)

        def distance(px: NDArray[np.float32], py: NDArray[np.float32]) -> NDArray[np.float32]:
            dx = np.abs(px - left - width / 2) - width / 2 + corner
            dy = np.abs(py - top - height / 2) - height / 2 + corner
            outside = np.sqrt(np.maximum(dx, 0) ** 2 + np.maximum(dy, 0) ** 2)
            return np.asarray(outside + np.minimum(np.maximum(dx, dy), 0) - corner, np.float32)

        self._paint((left, top, left + width, top + height), distance, colour)

    def line(
        self, x0: float, y0: float, x1: float, y1: float, width: float, colour: Colour
    ) -> None:
        """Paint a straight line with round ends."""
        dx, dy = x1 - x0, y1 - y0
        length = max(dx * dx + dy * dy, 1e-9)

        def distance(px: NDArray[np.float32], py: NDArray[np.float32]) -> NDArray[np.float32]:
            along = np.clip(((px - x0) * dx + (py - y0) * dy) / length, 0, 1)
            gap = np.sqrt((px - x0 - along * dx) ** 2 + (py - y0 - along * dy) ** 2)
            return np.asarray(gap - width / 2, np.float32)

        pad = width / 2
        bounds = (min(x0, x1) - pad, min(y0, y1) - pad, max(x0, x1) + pad, max(y0, y1) + pad)
        self._paint(bounds, distance, colour)

    def polygon(self, corners: list[tuple[float, float]], colour: Colour) -> None:
        """Paint a convex polygon with corners clockwise on the screen."""
        edges = list(zip(corners, corners[1:] + corners[:1], strict=True))

        def distance(px: NDArray[np.float32], py: NDArray[np.float32]) -> NDArray[np.float32]:
            gaps = []
            for (x0, y0), (x1, y1) in edges:
                length = max(float(np.hypot(x1 - x0, y1 - y0)), 1e-9)
                gaps.append(((px - x0) * (y1 - y0) - (py - y0) * (x1 - x0)) / length)
            return np.asarray(np.max(np.stack(np.broadcast_arrays(*gaps)), axis=0), np.float32)

        xs, ys = zip(*corners, strict=True)
        self._paint((min(xs), min(ys), max(xs), max(ys)), distance, colour)

    def to_uint8(self) -> NDArray[np.uint8]:
        """Round to 8 bits a channel."""
        return np.asarray(np.rint(np.clip(self.pixels, 0, 1) * 255), np.uint8)
