"""Spectral order: planted chains and blocks are found, whatever the order of the regions."""

import numpy as np
import pytest

from repalign.kernels.spectral import spectral_order, symmetrised


def test_symmetrised_takes_what_is_known():
    found = symmetrised(np.array([[1.0, 2.0, np.nan], [4.0, 5.0, np.nan], [7.0, np.nan, np.nan]]))
    expected = [[1, 3, 7], [3, 5, np.nan], [7, np.nan, np.nan]]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("seed", range(5))
def test_a_chain_is_put_in_order(seed):
    places = np.arange(12)
    chain = np.exp(-np.abs(places[:, None] - places) / 2.0)
    shuffle = np.random.default_rng(seed).permutation(12)
    order = shuffle[spectral_order(chain[np.ix_(shuffle, shuffle)])]
    assert order.tolist() in (places.tolist(), places[::-1].tolist())


def test_the_direction_is_that_of_the_first_region():
    places = np.arange(7)
    chain = np.exp(-np.abs(places[:, None] - places) / 2.0)
    assert spectral_order(chain).tolist() == places.tolist()
    backwards = chain[::-1, ::-1]
    assert spectral_order(backwards).tolist() == places.tolist()


def test_blocks_stand_together():
    rng = np.random.default_rng(3)
    group = rng.integers(0, 2, 20)
    similarity = np.where(group[:, None] == group, 0.5, 0.05) + rng.uniform(0, 0.02, (20, 20))
    changes = np.count_nonzero(np.diff(group[spectral_order(similarity)]))
    assert changes == 1


def test_the_fiedler_vector_has_the_second_smallest_eigenvalue():
    """The Rayleigh quotient along the order's own vector, by the dense eigenproblem."""
    values = np.abs(np.random.default_rng(4).normal(size=(8, 8)))
    weights = symmetrised(values)
    np.fill_diagonal(weights, 0)
    degree = weights.sum(axis=1)
    walk = weights / degree[:, None]
    found, vectors = np.linalg.eig(walk)
    second = np.argsort(-found.real)[1]
    expected = np.argsort(vectors[:, second].real)
    order = spectral_order(values)
    assert order.tolist() in (expected.tolist(), expected[::-1].tolist())


def test_unconnected_regions_follow_by_their_first_one():
    similarity = np.full((5, 5), -1.0)
    similarity[0, 3] = similarity[3, 0] = 0.5
    similarity[1, 4] = similarity[4, 1] = np.nan
    assert spectral_order(similarity).tolist() == [0, 3, 1, 2, 4]


def test_only_square_matrices_are_taken():
    with pytest.raises(ValueError, match="square"):
        spectral_order(np.ones((2, 3)))
