"""Classes of pairs, and nulls against means of products over single pairs."""

from functools import cache
from itertools import permutations

import numpy as np
import pytest

from repalign.alignment.draws import Draws
from repalign.alignment.nulls import nested_null, pair_classes, session_null, subject_null
from repalign.errors import RepalignError
from repalign.kernels.nulls import square_rdms
from repalign.tables.rdm_store import RdmReader

from .conftest import unit_vectors

DRAWS = Draws("cyclic", "trial", 7, 25, 10, 3)
BIG = np.arange(10)


@pytest.fixture
def folder(store):
    """Return the folder of one side of a pair, made once."""

    @cache
    def make(subject, side, n_trials):
        vectors = unit_vectors(3, n_trials, 10 * subject + (side == "y"))
        return store(f"{subject}_{side}_{n_trials}", vectors, np.arange(n_trials))

    return make


@pytest.fixture
def sides(folder):
    """Subjects 1 to 4; pairs with subject 4 have fewer trials."""
    found = {}
    for i, j in permutations([1, 2, 3, 4], 2):
        n_trials = 8 if 4 in (i, j) else 10
        found[i, j] = folder(i, "x", n_trials), folder(j, "y", n_trials)
    return found


def brute(sides, row):
    """Mean over all ordered pairs, one by one."""
    total = np.zeros(DRAWS.count)
    for x, y in sides.values():
        one, two = (square_rdms(RdmReader(f).vector(row)[None])[0] for f in (x, y))
        total += DRAWS.products(one, two, RdmReader(x).keys)
    return total / len(sides)


def test_pairs_with_the_same_trials_form_a_class(sides):
    classes = pair_classes(sides)
    # Pairs with subject 4 are i with 4 and 4 with j, but not i with j: no complete class.
    sizes = sorted((len(found.keys), len(found.x), len(found.y)) for found in classes)
    assert sizes == [(8, 1, 1)] * 6 + [(10, 3, 3)]


def test_every_pair_counts_once(sides):
    null = subject_null(pair_classes(sides), range(3), DRAWS)
    assert null.shape == (25, 3)
    for row in range(3):
        np.testing.assert_allclose(null[:, row], brute(sides, row), atol=1e-6)


def test_regions_do_not_depend_on_their_neighbours(sides):
    classes = pair_classes(sides)
    whole = subject_null(classes, range(3), DRAWS)
    for row in range(3):
        np.testing.assert_array_equal(subject_null(classes, [row], DRAWS)[:, 0], whole[:, row])


def test_a_region_without_an_rdm_in_a_subject_is_nan(folder):
    sides = {}
    for i, j in permutations([1, 2, 3], 2):
        sides[i, j] = folder(i, "x", 10), folder(j, "y", 10)
    path = sides[1, 2][0] / "vectors.npy"
    vectors = np.load(path)
    vectors[1] = np.nan
    np.save(path, vectors)
    null = subject_null(pair_classes(sides), range(3), DRAWS)
    assert np.isnan(null[:, 1]).all()
    assert np.isfinite(null[:, [0, 2]]).all()


def test_sides_of_different_trials_are_refused(store):
    x, y = store("x", unit_vectors(2, 10, 0), BIG), store("y", unit_vectors(2, 10, 1), BIG + 1)
    with pytest.raises(RepalignError, match="9 of them in common"):
        pair_classes({(1, 2): (x, y), (2, 1): (y, x)})


def test_session_null_is_the_signed_extreme_over_layers():
    regions, layers = unit_vectors(2, 10, 0), unit_vectors(4, 10, 1)
    null = session_null(regions, layers, BIG, DRAWS)
    x, y = square_rdms(regions), square_rdms(layers)
    for r in range(2):
        products = np.stack([DRAWS.products(x[r], y[k], BIG) for k in range(4)])
        place = np.abs(products).argmax(axis=0)
        np.testing.assert_allclose(null[:, r], products[place, np.arange(25)], atol=1e-6)
    assert (null < 0).any()


def test_layers_without_an_rdm_are_left_out_of_the_extreme():
    regions, layers = unit_vectors(2, 10, 0), unit_vectors(4, 10, 1)
    layers[2] = np.nan
    found = session_null(regions, layers, BIG, DRAWS)
    expected = session_null(regions, layers[[0, 1, 3]], BIG, DRAWS)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_nested_null_averages_subjects_within_models(tmp_path):
    rng = np.random.default_rng(0)
    models, subjects = ["a", "a", "b", "b"], [1, 2, 1, 2]
    arrays = [rng.normal(size=(6, 9)).astype(np.float32) for _ in models]
    paths = [tmp_path / f"{k}.npy" for k in range(4)]
    for path, array in zip(paths, arrays, strict=True):
        np.save(path, array)
    found = nested_null(paths, models, subjects)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.mean(arrays, axis=0), atol=1e-6)
    unequal = nested_null(paths[:3], models[:3], subjects[:3])
    expected = (np.mean(arrays[:2], axis=0) + arrays[2]) / 2
    np.testing.assert_allclose(unequal, expected, atol=1e-6)
