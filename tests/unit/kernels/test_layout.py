"""Layouts: distances of paths, less stress than other places, the same each time."""

import numpy as np
import pytest

from repalign.kernels.layout import graph_distances, stress_layout


def stress(places: np.ndarray, distance: np.ndarray) -> float:
    first, second = np.triu_indices(len(places), k=1)
    apart = np.linalg.norm(places[first] - places[second], axis=1)
    wanted = distance[first, second]
    return float(np.sum(((apart - wanted) / wanted) ** 2))


def test_distances_match_floyds_algorithm():
    rng = np.random.default_rng(0)
    first, second = np.array([0, 0, 1, 2, 3]), np.array([1, 2, 3, 3, 4])
    length = rng.uniform(0.5, 2, 5)
    expected = np.full((5, 5), np.inf)
    np.fill_diagonal(expected, 0)
    expected[first, second] = expected[second, first] = length
    for k in range(5):
        expected = np.minimum(expected, expected[:, [k]] + expected[[k]])
    np.testing.assert_allclose(graph_distances(5, first, second, length), expected)


def test_what_no_path_joins_is_far_apart():
    distance = graph_distances(3, np.array([0]), np.array([1]), np.array([2.0]))
    assert distance[0, 2] == distance[1, 2] == 3.0


def test_lengths_must_be_above_zero():
    with pytest.raises(ValueError, match="above 0"):
        graph_distances(2, np.array([0]), np.array([1]), np.array([0.0]))


def test_points_of_a_plane_are_found_again():
    truth = np.random.default_rng(1).normal(size=(9, 2))
    distance = np.linalg.norm(truth[:, None] - truth, axis=2)
    places = stress_layout(distance)
    np.testing.assert_allclose(
        np.linalg.norm(places[:, None] - places, axis=2), distance, atol=1e-3
    )


def test_no_small_move_lessens_the_stress():
    edges = np.arange(11), np.arange(1, 12)
    distance = graph_distances(12, *edges, np.ones(11))
    distance[0, 5] = distance[5, 0] = 1.0
    places = stress_layout(distance, 3000)
    least, rng = stress(places, distance), np.random.default_rng(2)
    for _ in range(20):
        assert stress(places + rng.normal(0, 0.01, places.shape), distance) > least - 1e-6


def test_layouts_are_equal_and_oriented():
    distance = graph_distances(4, np.array([0, 0, 0]), np.array([1, 2, 3]), np.ones(3))
    places = stress_layout(distance)
    np.testing.assert_array_equal(places, stress_layout(distance.copy()))
    assert places[0, 0] <= 0 <= places[0, 1]
    assert len(np.unique(places.round(6), axis=0)) == 4, "leaves of a star do not coincide"
    assert stress_layout(np.zeros((1, 1))).shape == (1, 2)
