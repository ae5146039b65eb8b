"""Permutations: uniform, seeded by index alone, consistent over sizes."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from repalign.kernels.permutations import (
    cyclic_place,
    image_permutation,
    independent_permutation,
    independent_permutations,
    relabelings,
    restrict,
)

from ...permutations import cyclic_permutation

#: Far in the tail: the draws are seeded, so this either holds or does not.
SMALLEST_P = 1e-3


def uniform_p(counts):
    expected = sum(counts) / len(counts)
    return chi2.sf(sum((c - expected) ** 2 / expected for c in counts), len(counts) - 1)


def counts_of(permutations, n):
    place = {p: k for k, p in enumerate(itertools.permutations(range(n)))}
    return np.bincount([place[tuple(p)] for p in permutations], minlength=len(place))


@given(st.integers(0, 2**64), st.integers(0, 10**6), st.integers(0, 40))
def test_independent_draws_are_permutations_and_repeat(seed, index, n):
    first = independent_permutation(seed, index, n)
    assert sorted(first) == list(range(n))
    assert first.tobytes() == independent_permutation(seed, index, n).tobytes()


def test_draws_are_the_same_bytes_whatever_the_sharding():
    whole = independent_permutations(7, 0, 50, 30)
    for size in (1, 7, 25, 49):
        parts = [
            independent_permutations(7, start, min(start + size, 50), 30)
            for start in range(0, 50, size)
        ]
        assert np.concatenate(parts).tobytes() == whole.tobytes()
    backwards = [independent_permutation(7, index, 30) for index in reversed(range(50))]
    assert np.array(backwards[::-1]).tobytes() == whole.tobytes()


def test_draws_are_pinned():
    """A change of these numbers changes every published null."""
    assert independent_permutation(0, 0, 8).tolist() == [7, 2, 0, 4, 3, 5, 6, 1]
    tau, sigma = relabelings(0, 0, 8)
    assert tau.tolist() == [1, 0, 6, 4, 3, 5, 7, 2]
    assert sigma.tolist() == [1, 4, 6, 5, 2, 7, 3, 0]


def test_seeds_indices_and_schemes_differ():
    draws = [independent_permutation(s, i, 30) for s in (0, 1) for i in (0, 1)]
    draws += [order for s in (0, 1) for k in (0, 1) for order in relabelings(s, k, 30)]
    draws += [relabelings(0, 0, 31)[0][:30]]
    assert len({d.tobytes() for d in draws}) == len(draws)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 99))
def test_restriction_is_the_draw_of_the_smaller_size(n_max, n, index):
    whole = independent_permutation(3, index, n_max)
    if n > n_max:
        with pytest.raises(ValueError, match=f"n is {n}; expected 0 to {n_max}"):
            restrict(whole, n)
        return
    part = restrict(whole, n)
    assert sorted(part) == list(range(n))
    assert part.tolist() == [entry for entry in whole if entry < n]
    assert part.tolist() == independent_permutation(3, index, n).tolist()


def test_independent_draws_are_uniform():
    draws = independent_permutations(1, 0, 4800, 4)
    assert uniform_p(counts_of(draws, 4)) > SMALLEST_P
    assert uniform_p(counts_of([restrict(d, 3) for d in draws], 3)) > SMALLEST_P


@pytest.mark.parametrize("offset", range(4))
def test_every_draw_of_a_cyclic_set_is_uniform(offset):
    draws = [cyclic_permutation(2, 4 * k + offset, 4) for k in range(2400)]
    assert uniform_p(counts_of(draws, 4)) > SMALLEST_P


def test_relabelings_are_independent_of_each_other():
    pairs = [relabelings(5, k, 3) for k in range(3600)]
    cells = counts_of([t for t, _ in pairs], 3), counts_of([s for _, s in pairs], 3)
    assert min(map(uniform_p, cells)) > SMALLEST_P
    joint = counts_of([[*t, *(3 + s)] for t, s in pairs], 6)
    assert uniform_p(joint[joint > 0]) > SMALLEST_P
    assert np.count_nonzero(joint) == 36


@pytest.mark.parametrize("n", [1, 2, 3, 7, 12])
def test_cyclic_draws_follow_the_definition_and_a_set_never_repeats_one(n):
    for index in range(3 * n):
        set_index, offset = cyclic_place(index, n)
        assert (set_index, offset) == (index // n, index % n)
        tau, sigma = relabelings(9, set_index, n)
        inverse = np.argsort(tau)
        expected = [sigma[(inverse[i] + offset) % n] for i in range(n)]
        assert cyclic_permutation(9, index, n).tolist() == expected
    first = {cyclic_permutation(9, index, n).tobytes() for index in range(n)}
    assert len(first) == n


@pytest.mark.parametrize("sizes", [(3, 4), (4, 2)])
def test_joint_cyclic_draws_over_sizes_are_uniform_on_the_product(sizes):
    """Index p at two sizes: every combination of permutations equally often."""
    seen = {}
    for index in range(7200):
        joint = tuple(tuple(cyclic_permutation(11, index, n)) for n in sizes)
        seen[joint] = seen.get(joint, 0) + 1
    assert len(seen) == math.prod(map(math.factorial, sizes))
    assert uniform_p(list(seen.values())) > SMALLEST_P


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: independent_permutation(-1, 0, 3), "seed is -1"),
        (lambda: independent_permutation(0, -2, 3), "index is -2"),
        (lambda: relabelings(0, 0, -3), "n is -3"),
        (lambda: cyclic_place(-1, 3), "index and n are -1 and 3"),
        (lambda: cyclic_place(0, 0), "index and n are 0 and 0"),
    ],
)
def test_arguments_out_of_range_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# Image unit -----------------------------------------------------------------------------------


def shuffled_keys(counts, n_repetitions, seed=0):
    """Keys in random order; `counts` gives the repetitions present of each image."""
    keys = [m * n_repetitions + r for m, present in enumerate(counts) for r in present]
    return np.random.default_rng(seed).permutation(np.array(keys, np.int64))


@settings(max_examples=50)
@given(
    st.lists(st.sets(st.integers(0, 2)), min_size=1, max_size=12),
    st.integers(0, 1000),
)
def test_image_draws_carry_repetitions_along_within_patterns(counts, index):
    keys = shuffled_keys(counts, 3, index)
    images = independent_permutation(0, index, len(counts))
    permutation = image_permutation(images, keys, 3)
    assert sorted(permutation) == list(range(len(keys)))
    moved = keys[permutation]
    assert np.array_equal(moved % 3, keys % 3)
    target = dict(zip((keys // 3).tolist(), (moved // 3).tolist(), strict=True))
    for image, new in zip((keys // 3).tolist(), (moved // 3).tolist(), strict=True):
        assert target[image] == new
        assert counts[image] == counts[new]


def test_image_draws_of_complete_sets_are_the_image_permutation():
    keys = shuffled_keys([{0, 1, 2}] * 6, 3)
    images = independent_permutation(4, 0, 6)
    moved = keys[image_permutation(images, keys, 3)]
    assert moved.tolist() == [3 * images[k // 3] + k % 3 for k in keys]


def test_image_draws_with_one_repetition_are_restricted_trial_draws():
    images = independent_permutation(4, 1, 9)
    assert image_permutation(images, np.arange(6), 1).tolist() == restrict(images, 6).tolist()


def test_image_draws_are_uniform_within_patterns():
    keys = np.array([0, 1, 2, 4, 5, 6, 8])  # images 0 and 2 twice; 1, 3 and 4 first time only
    counts = {}
    for index in range(2000):
        permutation = image_permutation(independent_permutation(6, index, 5), keys, 2)
        counts[tuple(permutation)] = counts.get(tuple(permutation), 0) + 1
    assert uniform_p(list(counts.values())) > SMALLEST_P
    assert len(counts) == 12


def test_image_keys_are_checked():
    images = np.arange(4)
    with pytest.raises(ValueError, match="3 keys hold 2 trials"):
        image_permutation(images, np.array([1, 1, 2]), 3)
    with pytest.raises(ValueError, match="keys span 3 to 12 at n_repetitions 3; expected 0 to 11"):
        image_permutation(images, np.array([3, 12]), 3)
    assert image_permutation(images, np.array([], np.int64), 3).size == 0
