"""Parcels on a flat mesh: areas add up, borders run between labels, centres lie inside."""

import numpy as np
import pytest

from repalign.kernels.parcel_shapes import parcel_centres, parcel_shapes

SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
TRIANGLES = np.array([[0, 1, 2], [0, 2, 3]])


def area(pieces: np.ndarray) -> np.ndarray:
    one, two = pieces[:, 1] - pieces[:, 0], pieces[:, 2] - pieces[:, 0]
    return np.abs(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]) / 2


@pytest.mark.parametrize("labels", [[1, 1, 1, 1], [1, 2, 2, 2], [1, 2, 3, 4], [0, 0, 1, 1]])
def test_pieces_cover_every_triangle_once(labels):
    shapes = parcel_shapes(SQUARE, TRIANGLES, np.array(labels))
    covered = np.bincount(shapes.origin, weights=area(shapes.pieces), minlength=2)
    np.testing.assert_allclose(covered, 0.5)
    assert set(shapes.labels) == set(labels)


def test_every_corner_has_a_third_of_a_triangle_of_three_labels():
    shapes = parcel_shapes(SQUARE, TRIANGLES[:1], np.array([1, 2, 3, 9]))
    shares = [area(shapes.pieces)[shapes.labels == label].sum() for label in (1, 2, 3)]
    np.testing.assert_allclose(shares, 1 / 6)
    assert len(shapes.borders) == 3


def test_a_lone_corner_has_a_quarter():
    shapes = parcel_shapes(SQUARE, TRIANGLES[:1], np.array([7, 2, 2, 9]))
    assert area(shapes.pieces)[shapes.labels == 7].sum() == pytest.approx(0.125)
    np.testing.assert_allclose(shapes.borders, [[[0.5, 0], [0.5, 0.5]]])


def test_there_is_no_border_inside_a_parcel():
    assert len(parcel_shapes(SQUARE, TRIANGLES, np.ones(4)).borders) == 0


def test_random_meshes_are_covered():
    rng = np.random.default_rng(0)
    places, labels = rng.normal(size=(30, 2)), rng.integers(0, 5, 30)
    triangles = np.array([rng.choice(30, 3, replace=False) for _ in range(50)])
    shapes = parcel_shapes(places, triangles, labels)
    covered = np.bincount(shapes.origin, weights=area(shapes.pieces), minlength=50)
    np.testing.assert_allclose(covered, area(places[triangles]))


def test_vertices_must_be_there():
    with pytest.raises(ValueError, match="other vertices"):
        parcel_shapes(SQUARE, np.array([[0, 1, 4]]), np.ones(4))
    with pytest.raises(ValueError, match="other vertices"):
        parcel_shapes(SQUARE, TRIANGLES, np.ones(3))


def test_centres_are_vertices_of_their_parcel():
    places = np.array([[0.0, 0], [1, 0], [2.2, 0], [9, 9], [np.nan, np.nan]])
    centres = parcel_centres(places, np.array([1, 1, 1, 0, 2]))
    assert list(centres) == [1]
    np.testing.assert_array_equal(centres[1], [1, 0])
