"""One index is one permutation for all sets of trials of a size; products by brute force."""

import numpy as np
import pytest

from repalign.alignment.draws import BLOCK, Draws
from repalign.kernels.nulls import square_rdms
from repalign.kernels.permutations import (
    image_permutation,
    independent_permutation,
)

from ...permutations import cyclic_permutation
from .conftest import unit_vectors

SCHEMES = [("cyclic", "trial"), ("independent", "trial"), ("independent", "image"),
           ("cyclic", "image")]  # fmt: skip
KEYS = np.array([0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 15, 16])
"""Images 0, 1 and 3 with three repetitions, 4 and 5 with two."""


def make(scheme="cyclic", unit="trial", count=30, seed=5) -> Draws:
    return Draws(scheme, unit, seed, count, 6 if unit == "image" else 20, 3)


def written_out(draws: Draws, keys: np.ndarray) -> list[np.ndarray]:
    """All permutations of a set of draws."""
    if (draws.scheme, draws.unit) == ("cyclic", "trial"):
        return [cyclic_permutation(draws.seed, k, len(keys)) for k in range(draws.count)]
    return list(np.concatenate(list(draws.permutations(keys))))


def brute(x: np.ndarray, y: np.ndarray, pi: np.ndarray) -> float:
    upper = np.triu_indices(len(pi), 1)
    return float(x[upper].astype(float) @ y[pi][:, pi][upper].astype(float))


@pytest.mark.parametrize(("scheme", "unit"), SCHEMES)
def test_products_are_those_of_the_permuted_matrix(scheme, unit):
    draws = make(scheme, unit)
    x, y = square_rdms(unit_vectors(2, len(KEYS), 0))
    found = draws.products(x, y, KEYS)
    expected = [brute(x, y, pi) for pi in written_out(draws, KEYS)]
    assert found.shape == (30,)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(("scheme", "unit"), SCHEMES)
def test_cross_products_are_all_products(scheme, unit):
    draws = make(scheme, unit, count=2 * BLOCK + 3)
    x = square_rdms(unit_vectors(3, len(KEYS), 1))
    y = square_rdms(unit_vectors(2, len(KEYS), 2))
    blocks = list(draws.cross_products(x, y, KEYS))
    covered = [k for chosen, _ in blocks for k in range(chosen.start, chosen.stop)]
    assert covered == list(range(draws.count))
    assert all(len(p) == chosen.stop - chosen.start for chosen, p in blocks)
    found = np.concatenate([products for _, products in blocks])
    assert found.shape == (draws.count, 3, 2)
    for i in range(3):
        for j in range(2):
            np.testing.assert_allclose(found[:, i, j], draws.products(x[i], y[j], KEYS), atol=1e-6)


@pytest.mark.parametrize(("scheme", "unit"), SCHEMES)
def test_a_draw_is_joint_over_everything_of_one_size(scheme, unit):
    """Products are linear with one permutation: <x, P (y + z)> = <x, P y> + <x, P z>."""
    draws = make(scheme, unit)
    x, y, z = square_rdms(unit_vectors(3, len(KEYS), 3))
    both = draws.products(x, y + z, KEYS)
    np.testing.assert_allclose(
        both, draws.products(x, y, KEYS) + draws.products(x, z, KEYS), atol=1e-6
    )


@pytest.mark.parametrize(("scheme", "unit"), SCHEMES)
def test_fewer_draws_are_the_first_ones(scheme, unit):
    x, y = square_rdms(unit_vectors(2, len(KEYS), 4))
    many = make(scheme, unit, count=BLOCK + 7).products(x, y, KEYS)
    few = make(scheme, unit, count=10).products(x, y, KEYS)
    np.testing.assert_array_equal(few, many[:10])


@pytest.mark.parametrize(("scheme", "unit"), SCHEMES)
def test_another_seed_is_another_null(scheme, unit):
    x, y = square_rdms(unit_vectors(2, len(KEYS), 4))
    one, other = (make(scheme, unit, seed=s).products(x, y, KEYS) for s in (0, 1))
    assert not np.isclose(one, other).all()


def test_independent_draws_of_a_smaller_set_are_restricted():
    draws = make("independent")
    small = np.concatenate(list(draws.permutations(np.arange(9))))
    for index, permutation in enumerate(small):
        whole = independent_permutation(draws.seed, index, 20)
        np.testing.assert_array_equal(permutation, whole[whole < 9])


def test_image_draws_are_those_of_the_whole_catalogue():
    draws = make("independent", "image")
    for index, permutation in enumerate(np.concatenate(list(draws.permutations(KEYS)))):
        images = independent_permutation(draws.seed, index, 6)
        np.testing.assert_array_equal(permutation, image_permutation(images, KEYS, 3))


def test_images_carry_their_repetitions_along():
    draws = make("independent", "image")
    moved = 0
    for permutation in np.concatenate(list(draws.permutations(KEYS))):
        np.testing.assert_array_equal(np.sort(permutation), np.arange(len(KEYS)))
        target = KEYS[permutation]
        np.testing.assert_array_equal(target % 3, KEYS % 3)
        goes = dict(zip((KEYS // 3).tolist(), (target // 3).tolist(), strict=True))
        assert all(goes[k // 3] == t // 3 for k, t in zip(KEYS, target, strict=True))
        # Images of two repetitions change places among themselves alone.
        assert {goes[4], goes[5]} == {4, 5}
        moved += goes[0] != 0
    assert 0 < moved < draws.count


def test_the_image_draw_is_joint_over_sets_of_trials():
    """Images in the same order in every set: what both sets have moves alike."""
    draws = make("independent", "image")
    first = np.concatenate(list(draws.permutations(np.arange(18))))
    one_each = np.concatenate(list(draws.permutations(np.arange(0, 18, 3))))
    np.testing.assert_array_equal(first[:, ::3] // 3, one_each)
