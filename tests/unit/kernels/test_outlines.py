"""Areas of outlines against drawn masks, closed forms and random points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from repalign.kernels.outlines import clip_polygon, polygon_area, polygons_inside, runs_inside

EVERYTHING = (-1e6, -1e6, 1e6, 1e6)


def star(radii) -> np.ndarray:
    """A polygon around the origin, concave as a rule, whose edges do not cross."""
    angles = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    return np.array(radii)[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def contains(points: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Crossing-number test of many points."""
    inside = np.zeros(x.shape, bool)
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        between = (y0 > y) != (y1 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            at = x0 + (y - y0) * (x1 - x0) / (y1 - y0)
        inside ^= between & (x < at)
    return inside


@pytest.mark.parametrize(
    ("points", "area"),
    [
        ([], 0), ([(1, 1)], 0), ([(0, 0), (3, 4)], 0),
        ([(0, 0), (4, 0), (0, 3)], 6),
        ([(0, 0), (0, 3), (4, 0)], 6),
        ([(1e8, 1e8), (1e8 + 1, 1e8), (1e8 + 1, 1e8 + 1), (1e8, 1e8 + 1)], 1),
        ([(0, 0), (4, 0), (4, 4), (2, 1), (0, 4)], 10),
    ],
)  # fmt: skip
def test_areas_of_known_polygons(points, area):
    assert polygon_area(np.array(points, float).reshape(-1, 2)) == area


def test_a_regular_polygon_nears_the_circle():
    assert polygon_area(star(np.ones(2000))) == pytest.approx(np.pi, rel=1e-5)


radii = st.lists(st.floats(0.2, 4), min_size=3, max_size=12)
edge = st.floats(-5, 5)


@given(radii, edge, edge, edge, edge)
def test_parts_of_a_cut_plane_add_up(radii, x0, x1, y0, y1):
    """The nine fields that two lines each way make share out the whole area."""
    points = star(radii)
    (x0, x1), (y0, y1) = sorted((x0, x1)), sorted((y0, y1))
    columns = [(-9, x0), (x0, x1), (x1, 9)]
    rows = [(-9, y0), (y0, y1), (y1, 9)]
    parts = [polygons_inside([points], (a, c, b, d))[1] for a, b in columns for c, d in rows]
    assert sum(parts) == pytest.approx(polygon_area(points), rel=1e-9, abs=1e-9)


@given(radii, st.integers(0, 2**32 - 1))
def test_clipped_areas_are_shares_of_points(radii, seed):
    rng = np.random.default_rng(seed)
    points, rectangle = star(radii), (-1.0, -0.5, 3.0, 2.0)
    x, y = rng.uniform(-1, 3, 4000), rng.uniform(-0.5, 2, 4000)
    share = contains(points, x, y).mean()
    total, inside = polygons_inside([points], rectangle)
    assert 0 <= inside <= total + 1e-9
    assert inside / 10 == pytest.approx(share, abs=0.05)


@given(radii, edge, edge)
def test_a_clipped_polygon_lies_inside(radii, x0, y0):
    assume(max(radii) > 0.3)
    rectangle = (x0, y0, x0 + 2, y0 + 1)
    left = clip_polygon(star(radii), rectangle)
    if len(left):
        assert (left >= np.array(rectangle[:2]) - 1e-9).all()
        assert (left <= np.array(rectangle[2:]) + 1e-9).all()
    assert clip_polygon(star(radii), EVERYTHING).tolist() == star(radii).tolist()


def test_two_pieces_of_a_concave_polygon():
    """A letter U, cut so that only its two arms are left."""
    letter = np.array([(0, 0), (1, 0), (1, 4), (3, 4), (3, 0), (4, 0), (4, 5), (0, 5)], float)
    assert polygon_area(letter) == 12
    assert polygons_inside([letter], (0, 0, 4, 2)) == (12, 4)
    assert polygons_inside([letter, letter + 10], (0, 0, 4, 2)) == (24, 4)


def run_lengths(mask: np.ndarray) -> np.ndarray:
    """Encode a mask column by column, with a plain loop."""
    counts, last = [0], False
    for value in mask.T.ravel():
        if value != last:
            counts.append(0)
            last = value
        counts[-1] += 1
    return np.array(counts)


@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 9))
def test_runs_are_pixels_of_the_mask(seed, height, width):
    mask = np.random.default_rng(seed).random((height, width)) < 0.5
    total, inside = runs_inside(run_lengths(mask), mask.shape, (1, 2, 5, 6))
    assert total == mask.sum()
    assert inside == mask[2:6, 1:5].sum()


@pytest.mark.parametrize("counts", [[3], [3, 4, 6], [-1, 13]])
def test_runs_that_do_not_fill_the_mask_are_refused(counts):
    with pytest.raises(ValueError, match="3 x 4"):
        runs_inside(np.array(counts), (3, 4), EVERYTHING)
