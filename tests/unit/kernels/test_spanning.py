"""Spanning trees against Kruskal's algorithm and all trees of a small graph."""

from itertools import combinations

import numpy as np
import pytest

from repalign.kernels.spanning import spanning_backbone


def random_similarity(n: int, seed: int) -> np.ndarray:
    values = np.random.default_rng(seed).normal(0.2, 0.3, (n, n))
    return (values + values.T) / 2


def kruskal(similarity: np.ndarray, used: set) -> set:
    """The edges of a maximum spanning tree without the used ones."""
    n, parent = len(similarity), list(range(len(similarity)))

    def root(k: int) -> int:
        while parent[k] != k:
            k = parent[k]
        return k

    free = [
        e for e in combinations(range(n), 2) if e not in used and similarity[e] == similarity[e]
    ]
    tree = set()
    for i, j in sorted(free, key=lambda edge: -similarity[edge]):
        if root(i) != root(j):
            parent[root(i)] = root(j)
            tree.add((i, j))
    return tree


@pytest.mark.parametrize("n", [2, 5, 30])
@pytest.mark.parametrize("seed", range(4))
def test_united_trees_are_those_of_kruskal(n, seed):
    similarity = random_similarity(n, seed)
    similarity[0, 1] = similarity[1, 0] = 1.0
    found = spanning_backbone(similarity, 3)
    used: set = set()
    for number in range(3):
        tree = kruskal(similarity, used)
        own = found.tree == number
        edges = set(zip(found.first[own].tolist(), found.second[own].tolist(), strict=True))
        assert edges == tree
        used |= tree
    np.testing.assert_array_equal(found.similarity, similarity[found.first, found.second])
    assert (found.first < found.second).all()


def test_no_tree_of_a_small_graph_is_better():
    similarity = random_similarity(5, 9)
    pairs = list(combinations(range(5), 2))
    best = -np.inf
    for edges in combinations(pairs, 4):
        reached = {0}
        for _ in range(4):
            reached |= {k for edge in edges if reached & set(edge) for k in edge}
        if len(reached) == 5:
            best = max(best, sum(similarity[edge] for edge in edges))
    assert spanning_backbone(similarity, 1).similarity.sum() == pytest.approx(best)


def test_regions_that_cannot_be_joined_stay_apart():
    similarity = random_similarity(4, 0)
    similarity[3, :] = similarity[:, 3] = np.nan
    found = spanning_backbone(similarity, 1)
    assert len(found.first) == 2
    assert 3 not in {*found.first, *found.second}


def test_equal_similarities_give_the_same_tree_each_time():
    found = spanning_backbone(np.ones((4, 4)), 1)
    assert list(zip(found.first, found.second, strict=True)) == [(0, 1), (0, 2), (0, 3)]


def test_matrices_must_be_symmetric():
    with pytest.raises(ValueError, match="symmetric"):
        spanning_backbone(np.arange(9.0).reshape(3, 3), 1)
    with pytest.raises(ValueError, match="at least one"):
        spanning_backbone(np.ones((3, 3)), 0)
