"""Where names stand beside the discs of a network: clear of edges, names, discs and the border."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from repalign.figures.rows import Floats

Side = tuple[int, int]
"""Direction from a disc to its name: -1 left or below, 1 right or above."""

SIDES: tuple[Side, ...] = (
    (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)
)  # fmt: skip
SLANTED = 0.15
"""What a corner costs more than a side, as cosines of angles to edges."""
COVERED, OUTSIDE = 4.0, 12.0
"""What it costs if a name is covered wholly, and if it is outside of the panel."""
SWEEPS = 3
"""Times that all names are placed, given the others."""
LETTER, LINE = 0.6, 1.25
"""Width of a letter and height of a line, in sizes of the font."""


def name_sides(
    places: Floats,
    names: Sequence[str],
    neighbours: Sequence[Sequence[int]],
    *,
    size: tuple[int, int],
    node: float,
    font: float,
) -> list[Side]:
    """Choose the side of its disc for every name.

    Names are placed one after the other, those with the most edges first, where they cover least;
    then again, as the others stand by now.

    Parameters
    ----------
    places : (n_regions, 2) array of float
        Centres of the discs, in pixels from the lower left corner.
    names : sequence of str
        Their names.
    neighbours : sequence of sequence of int
        To which others each disc has an edge.
    size : (int, int)
        Width and height of the panel in pixels.
    node, font : float
        Diameter of a disc and size of the font, in pixels.

    Returns
    -------
    list of (int, int)
        One of `SIDES` for each name.
    """
    boxes = np.array([_boxes(*one, node, font) for one in zip(places, names, strict=True)])
    free = np.array(
        [_crowding(places[list(n)] - p) for p, n in zip(places, neighbours, strict=True)]
    )
    discs = np.stack([places - node / 2, places + node / 2], axis=1)
    beyond = np.array([[OUTSIDE * _outside(box, size) for box in own] for own in boxes])
    order = sorted(range(len(names)), key=lambda k: (-len(neighbours[k]), k))
    chosen: dict[int, int] = {}
    for _ in range(SWEEPS):
        for k in order:
            others = [boxes[i, side] for i, side in chosen.items() if i != k]
            inked = np.array([*others, *np.delete(discs, k, axis=0)]).reshape(-1, 2, 2)
            covered = np.array([COVERED * _covered(box, inked) for box in boxes[k]])
            # Rounding: of sides that are equally good, the first one.
            chosen[k] = int(np.argmin(np.round(free[k] + beyond[k] + covered, 6)))
    return [SIDES[chosen[k]] for k in range(len(names))]


def _boxes(place: Floats, name: str, node: float, font: float) -> Floats:
    """Return lower left and upper right corner of a name on every side (8, 2, 2)."""
    extent = np.array([LETTER * font * len(name), LINE * font])
    found = []
    for side in np.array(SIDES, dtype=float):
        anchor = place + side * node * (0.6 if np.abs(side).sum() == 1 else 0.45)
        low = anchor + extent * (side - 1) / 2
        found.append([low, low + extent])
    return np.array(found)


def _crowding(offsets: Floats) -> Floats:
    """Return the largest cosine of the angle to an edge, for every side (8,)."""
    length = np.hypot(*offsets.reshape(-1, 2).T)
    ways = offsets.reshape(-1, 2)[length > 0] / length[length > 0, None]
    sides = np.array(SIDES, dtype=float)
    slanted = np.abs(sides).sum(axis=1) > 1
    units = sides / np.hypot(*sides.T)[:, None]
    crowding: Floats = np.max(units @ ways.T, axis=1, initial=-1.0) + SLANTED * slanted
    return crowding


def _covered(box: Floats, inked: Floats) -> float:
    """Return the share of a box that others cover, each counted for itself."""
    shared = np.minimum(box[1], inked[:, 1]) - np.maximum(box[0], inked[:, 0])
    area = np.prod(np.clip(shared, 0, None), axis=1).sum()
    return float(area / np.prod(box[1] - box[0]))


def _outside(box: Floats, size: tuple[int, int]) -> float:
    """Return the share of a box that is outside of the panel."""
    inside = np.minimum(box[1], size) - np.maximum(box[0], 0)
    return float(1 - np.prod(np.clip(inside, 0, None)) / np.prod(box[1] - box[0]))
