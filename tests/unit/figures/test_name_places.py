"""Names beside discs: off their edges, off one another, inside of the panel."""

from itertools import combinations

import numpy as np
import pytest

from repalign.figures.name_places import name_sides

SIZE, NODE, FONT = (600, 500), 20.0, 14.0
MIDDLE = np.array([300.0, 250.0])


def sides(places, names, neighbours):
    places = np.array(places, dtype=float).reshape(-1, 2)
    return name_sides(places, names, neighbours, size=SIZE, node=NODE, font=FONT)


def box(place, name, side):
    """Where a name is, left, bottom, right and top, if letters are 0.6 wide."""
    width, height = 0.6 * FONT * len(name), 1.25 * FONT
    x, y = (
        np.array(place)
        + np.array(side) * NODE * 0.45
        + np.array([width * (side[0] - 1) / 2, height * (side[1] - 1) / 2])
    )
    return x, y, x + width, y + height


def overlap(a, b):
    return min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])


@pytest.mark.parametrize(
    ("offsets", "side"),
    [
        ([], (0, 1)),
        ([(0, 90)], (0, -1)),
        ([(0, 90), (0, -90)], (1, 0)),
        ([(90, 0), (-90, 0), (0, 90)], (0, -1)),
    ],
)
def test_names_stand_where_no_edge_is(offsets, side):
    places = [MIDDLE, *(MIDDLE + offset for offset in np.array(offsets).reshape(-1, 2))]
    names = ["V1", *("V" for _ in offsets)]
    neighbours = [list(range(1, len(places))), *([0] for _ in offsets)]
    assert sides(places, names, neighbours)[0] == side


def test_names_of_discs_side_by_side_do_not_cover_one_another():
    places = [(300, 250), (360, 250), (240, 254)]
    names = ["Superior Parietal", "Posterior Cingulate", "Dorsal Visual"]
    found = sides(places, names, [[], [], []])
    boxes = [box(*one) for one in zip(places, names, found, strict=True)]
    assert not any(overlap(a, b) for a, b in combinations(boxes, 2))


@pytest.mark.parametrize("corner", [(4, 4), (4, 496), (596, 4), (596, 496)])
def test_names_at_the_border_stay_inside(corner):
    name = "Insula"
    x, y, right, top = box(corner, name, sides([corner], [name], [[]])[0])
    assert min(x, y) >= 0
    assert right <= SIZE[0]
    assert top <= SIZE[1]
