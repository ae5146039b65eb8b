"""Kernel multi-view CCA: planted components, classical CCA, degenerate cases, conventions."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import eigh, subspace_angles
from scipy.stats import ortho_group

from repalign.kernels import mcca
from repalign.kernels.mcca import DegenerateError, fit_mcca, largest_sign
from repalign.kernels.mcca_folds import heldout_correlation
from repalign.kernels.views import centred, centred_like, decompose, linear_gram, rbf_gram

KAPPA = 0.9


def planted(n: int, n_views: int, n_voxels: int, noise: float, seed: int = 0):
    """Latents of decreasing strength, and each view's patterns: latents x random maps + noise."""
    rng = np.random.default_rng(seed)
    latents = rng.normal(size=(n, 3))
    strength = np.array([1.0, 0.8, 0.6])
    views = [
        latents * strength @ rng.normal(size=(3, n_voxels))
        + noise * rng.normal(size=(n, n_voxels))
        for _ in range(n_views)
    ]
    return latents, views


def grams(views) -> list[np.ndarray]:
    return [linear_gram(view)[0] for view in views]


def fit(views, kappa=KAPPA, count=3, **options):
    parts = [decompose(gram, **options) for gram in grams(views)]
    return fit_mcca(parts, len(views[0]), regularisation=kappa, n_components=count)


def r_squared(latents: np.ndarray, projections: np.ndarray) -> np.ndarray:
    """Share of each latent's variance in the space of the projections."""
    x = np.column_stack([np.ones(len(projections)), projections])
    rest = latents - x @ np.linalg.lstsq(x, latents, rcond=None)[0]
    return 1 - rest.var(axis=0) / latents.var(axis=0)


# ------------------------------------------------------------------ planted components


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_planted_latents_are_recovered(dtype):
    latents, views = planted(120, 5, 400, noise=4.0)
    found = fit([view.astype(dtype) for view in views])
    assert (r_squared(latents, found.projections) > 0.95).all()
    assert found.projections.dtype == np.float64
    # The strongest latent is the first component.
    assert abs(np.corrcoef(latents[:, 0], found.projections[:, 0])[0, 1]) > 0.9


def test_of_independent_views_nothing_is_recovered():
    latents, _ = planted(120, 5, 400, noise=4.0)
    _, views = zip(*(planted(120, 1, 400, noise=4.0, seed=k) for k in range(10, 15)), strict=True)
    found = fit([view for (view,) in views])
    # Three of 119 dimensions explain 0.025 of anything by chance.
    assert (r_squared(latents, found.projections) < 0.15).all()


def test_a_planted_component_has_a_larger_share_than_noise():
    _, views = planted(120, 5, 400, noise=4.0)
    found = fit(views, count=6)
    assert found.eigenvalues[2] > 1.5 * found.eigenvalues[3]


def test_shares_are_those_of_all_eigenvalues():
    _, views = planted(30, 3, 50, noise=2.0)
    parts = [decompose(gram) for gram in grams(views)]
    total = sum(part.rank for part in parts)
    found = fit_mcca(parts, 30, regularisation=KAPPA, n_components=total)
    assert found.shared_percent.sum() == pytest.approx(100)
    assert found.eigenvalues.sum() == pytest.approx(total)


# ------------------------------------------------------------------ classical CCA


def canonical_correlations(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Cosines of the principal angles between the centred column spaces."""
    return np.cos(subspace_angles(x - x.mean(axis=0), y - y.mean(axis=0)))[::-1]


@pytest.mark.parametrize("kappa", [0, 1e-9])
def test_two_views_without_regularisation_are_cca(kappa):
    rng = np.random.default_rng(2)
    x = rng.normal(size=(200, 4))
    y = x[:, :3] @ rng.normal(size=(3, 6)) + 2 * rng.normal(size=(200, 6))
    expected = np.sort(canonical_correlations(x, y))[::-1][:4]
    found = fit([x, y], kappa, count=4)
    np.testing.assert_allclose(found.eigenvalues, 1 + expected, atol=1e-6)
    for k in range(4):
        r = np.corrcoef(found.scores[0, :, k], found.scores[1, :, k])[0, 1]
        assert r == pytest.approx(expected[k], abs=1e-6)


def test_several_views_maximise_the_sum_of_correlations_as_the_generalised_problem_does():
    """Against the textbook's C w = lambda D w over voxels, solved by SciPy."""
    _, views = planted(80, 3, 6, noise=1.5)
    scored = [(v - v.mean(axis=0)) / v.std(axis=0) for v in views]
    scale = [np.sqrt((z**2).sum() / 80) for z in scored]
    blocks = [z / s for z, s in zip(scored, scale, strict=True)]
    stacked = np.hstack(blocks)
    product = stacked.T @ stacked
    # K = ZZ', so kappa K + (1 - kappa) K² is Z (kappa I + (1 - kappa) Z'Z) Z' in voxels.
    norm, own = np.zeros_like(product), np.zeros_like(product)
    for k, z in enumerate(blocks):
        place = slice(6 * k, 6 * k + 6)
        norm[place, place] = KAPPA * np.eye(6) + (1 - KAPPA) * z.T @ z
        own[place, place] = z.T @ z
    values, vectors = eigh(product - own + norm, norm)
    found = fit(views, count=4)
    np.testing.assert_allclose(found.eigenvalues, values[::-1][:4], rtol=1e-10)
    for k in range(4):
        scores = stacked @ vectors[:, -1 - k] / 3
        scores *= np.sign(scores[np.abs(scores).argmax()])
        np.testing.assert_allclose(found.projections[:, k], scores, atol=1e-8)


def test_the_operator_is_the_matrix(monkeypatch):
    """Large problems are solved without building the matrix; the answer is the same."""
    _, views = planted(60, 4, 100, noise=3.0)
    dense = fit(views, count=4)
    monkeypatch.setattr(mcca, "DENSE", 0)
    sparse = fit(views, count=4)
    np.testing.assert_allclose(sparse.eigenvalues, dense.eigenvalues, rtol=1e-10)
    np.testing.assert_allclose(sparse.projections, dense.projections, atol=1e-8)


def test_weights_make_the_scores():
    _, views = planted(40, 3, 90, noise=2.0)
    found = fit(views)
    for view, weights, scores in zip(grams(views), found.weights, found.scores, strict=True):
        np.testing.assert_allclose(centred_like(view, view) @ weights, scores, atol=1e-10)
    np.testing.assert_allclose(found.scores.mean(axis=0), found.projections, atol=1e-12)


# ------------------------------------------------------------------ degenerate cases


def test_no_regularisation_with_more_voxels_than_images_is_refused():
    """All eigenvalues would be the number of views, and the components arbitrary."""
    _, views = planted(30, 3, 100, noise=1.0)
    with pytest.raises(DegenerateError, match="29 and 29 dimensions over 30 images"):
        fit(views, kappa=0)
    # What it would have been: the same eigenvalue again and again.
    found = fit(views, kappa=1e-12, count=5)
    np.testing.assert_allclose(found.eigenvalues, 3, rtol=1e-6)


def test_no_regularisation_is_allowed_with_few_components_of_each_view():
    latents, views = planted(120, 4, 400, noise=4.0)
    found = fit(views, kappa=0, signal_rank=20)
    assert found.eigenvalues[0] < 4
    assert (r_squared(latents, found.projections) > 0.9).all()


@pytest.mark.parametrize("kappa", [0.5, 1])
def test_regularisation_orders_components(kappa):
    _, views = planted(60, 3, 200, noise=3.0)
    found = fit(views, kappa=kappa, count=5)
    assert (np.diff(found.eigenvalues) < 0).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"regularisation": -0.1}, "regularisation of -0.1"),
        ({"regularisation": 1.1}, "regularisation of 1.1"),
        ({"regularisation": np.nan}, "regularisation of nan"),
        ({"n_components": 0}, "0 components"),
        ({"n_components": 500}, "500 components of views with"),
        ({"n_images": 31}, r"image 30 in no view \(1 in all\)"),
    ],
)
def test_what_has_no_solution_is_refused(change, message):
    parts = [decompose(gram) for gram in grams(planted(30, 2, 40, noise=1.0)[1])]
    choices = {"n_images": 30, "regularisation": KAPPA, "n_components": 2, **change}
    with pytest.raises(ValueError, match=message):
        fit_mcca(parts, choices.pop("n_images"), **choices)


def test_one_view_shares_nothing():
    with pytest.raises(ValueError, match=r"1 view\(s\)"):
        fit(planted(30, 1, 40, noise=1.0)[1])


def test_a_view_twice_has_the_same_scores():
    _, (view,) = planted(40, 1, 60, noise=2.0)
    found = fit([view, view])
    np.testing.assert_allclose(found.scores[0], found.scores[1], atol=1e-10)


def test_views_of_low_rank_are_taken_as_they_are():
    rng = np.random.default_rng(4)
    low = rng.normal(size=(40, 2)) @ rng.normal(size=(2, 80))
    wide = low + 0.1 * rng.normal(size=(40, 80))
    parts = [decompose(gram) for gram in grams([low, wide])]
    assert parts[0].rank == 2
    found = fit_mcca(parts, 40, regularisation=KAPPA, n_components=2)
    assert np.isfinite(found.projections).all()
    assert (r_squared(low, found.projections) > 0.99).all()


def test_components_with_equal_eigenvalues_are_told_apart_by_their_extent():
    """Two orthogonal halves: each pair of views shares one direction of its own."""
    n = 40
    basis = np.linalg.qr(
        np.column_stack([np.ones(n), np.random.default_rng(5).normal(size=(n, 6))])
    )[0]
    a, b, c, d, e, f = basis[:, 1:].T
    views = [np.column_stack(pair) for pair in ((a, b), (a, c), (d, e), (d, f))]
    fits = []
    for order in ([0, 1, 2, 3], [2, 3, 0, 1], [3, 1, 0, 2]):
        parts = [decompose(views[k] @ views[k].T) for k in order]
        fits.append(fit_mcca(parts, n, regularisation=0, n_components=2))
    for found in fits:
        np.testing.assert_allclose(found.eigenvalues, 2, rtol=1e-10)
        # a and d in any mixture: their plane is what is determined.
        assert (r_squared(np.column_stack([a, d]), found.projections) > 1 - 1e-10).all()


# ------------------------------------------------------------------ conventions


def test_the_order_of_views_does_not_count():
    _, views = planted(30, 3, 70, noise=2.0)
    parts = [decompose(gram) for gram in grams(views)]
    first = fit_mcca(parts, 30, regularisation=KAPPA, n_components=3)
    for order in permutations(range(3)):
        other = fit_mcca([parts[k] for k in order], 30, regularisation=KAPPA, n_components=3)
        np.testing.assert_allclose(other.eigenvalues, first.eigenvalues, rtol=1e-12)
        np.testing.assert_allclose(other.projections, first.projections, atol=1e-10)
        np.testing.assert_allclose(other.scores, first.scores[list(order)], atol=1e-10)


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), scale=st.floats(1e-3, 1e3))
def test_rotation_and_scale_of_voxels_do_not_count(seed, scale):
    _, views = planted(25, 3, 9, noise=1.0, seed=seed % 100)
    turned = [v @ ortho_group.rvs(9, random_state=seed + k) * scale for k, v in enumerate(views)]

    def projections(patterns):
        parts = [decompose(x @ x.T) for x in patterns]
        return fit_mcca(parts, 25, regularisation=KAPPA, n_components=3)

    one, other = projections(views), projections(turned)
    np.testing.assert_allclose(one.eigenvalues, other.eigenvalues, rtol=1e-9)
    np.testing.assert_allclose(one.projections, other.projections, atol=1e-7)


def test_units_of_single_voxels_do_not_count():
    _, views = planted(30, 3, 50, noise=2.0)
    scales = np.random.default_rng(6).uniform(0.1, 100, 50)
    np.testing.assert_allclose(
        fit([view * scales + 7 for view in views]).projections, fit(views).projections, atol=1e-10
    )


def test_the_order_of_images_does_not_count():
    _, views = planted(30, 3, 50, noise=2.0)
    order = np.random.default_rng(7).permutation(30)
    moved = fit([view[order] for view in views])
    np.testing.assert_allclose(moved.projections, fit(views).projections[order], atol=1e-9)


def test_the_largest_entry_is_positive():
    _, views = planted(30, 3, 50, noise=2.0)
    projections = fit(views, count=5).projections
    largest = np.abs(projections).argmax(axis=0)
    assert (projections[largest, np.arange(5)] > 0).all()


def test_of_equally_large_entries_the_first_counts():
    values = np.array([[-2.0, 1.0, 0.0], [2.0 + 1e-12, -1.0, 0.0], [0.5, 0.5, 0.0]])
    np.testing.assert_array_equal(largest_sign(values), [-1, 1, 1])


# ------------------------------------------------------------------ missing images


def test_a_view_may_lack_images():
    latents, views = planted(90, 4, 300, noise=3.0)
    rows = [np.flatnonzero(np.arange(90) % 5 != k) for k in range(4)]
    parts = [decompose(linear_gram(v[own])[0], own) for v, own in zip(views, rows, strict=True)]
    found = fit_mcca(parts, 90, regularisation=KAPPA, n_components=3)
    assert (r_squared(latents, found.projections) > 0.9).all()
    for own, scores in zip(rows, found.scores, strict=True):
        assert (np.isfinite(scores).all(axis=1) == np.isin(np.arange(90), own)).all()
    np.testing.assert_allclose(np.nanmean(found.scores, axis=0), found.projections, atol=1e-12)


def test_complete_views_are_the_same_with_and_without_rows():
    _, views = planted(30, 3, 50, noise=2.0)
    parts = [decompose(gram, np.arange(30)) for gram in grams(views)]
    found = fit_mcca(parts, 30, regularisation=KAPPA, n_components=3)
    np.testing.assert_array_equal(found.projections, fit(views).projections)


# ------------------------------------------------------------------ held-out images


def heldout(views, **options) -> np.ndarray:
    n = len(views[0])
    choices = {"regularisation": KAPPA, "n_components": 3, **options}
    return heldout_correlation(grams(views), [np.arange(n)] * len(views), n, **choices)


def test_planted_components_hold_for_new_images():
    _, views = planted(120, 4, 300, noise=4.0)
    assert (heldout(views) > 0.7).all()


def test_without_anything_shared_nothing_holds():
    views = [planted(120, 1, 300, noise=4.0, seed=k)[1][0] for k in range(4)]
    assert (np.abs(heldout(views)) < 0.15).all()


def test_every_fold_is_fitted_without_its_images():
    """Against the definition: fit on the others, project with their means, add the products."""
    _, views = planted(20, 2, 30, noise=2.0)
    order = np.random.default_rng(3).permutation(20)
    sums = np.zeros((3, 2))
    for members in np.array_split(order, 4):
        kept = np.setdiff1d(np.arange(20), members)
        kernels = grams(views)
        parts = [decompose(k[np.ix_(kept, kept)]) for k in kernels]
        found = fit_mcca(parts, len(kept), regularisation=KAPPA, n_components=2)
        x, y = (
            centred_like(k[np.ix_(members, kept)], k[np.ix_(kept, kept)]) @ w
            for k, w in zip(kernels, found.weights, strict=True)
        )
        sums += [(x * y).sum(axis=0), (x**2).sum(axis=0), (y**2).sum(axis=0)]
    expected = sums[0] / np.sqrt(sums[1] * sums[2])
    found = heldout(views, n_components=2, n_folds=4, seed=3)
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_folds_may_hold_single_images():
    _, views = planted(12, 3, 60, noise=0.5)
    assert (heldout(views, n_folds=50, n_components=1) > 0.5).all()


def test_centring_of_the_kernels_does_not_count():
    _, views = planted(40, 3, 60, noise=2.0)
    rows = [np.arange(40)] * 3
    choices = {"regularisation": KAPPA, "n_components": 2}
    plain = heldout_correlation([rbf_gram(g) for g in grams(views)], rows, 40, **choices)
    moved = heldout_correlation([centred(rbf_gram(g)) for g in grams(views)], rows, 40, **choices)
    np.testing.assert_allclose(plain, moved, rtol=1e-8)


def test_views_that_lack_images_are_compared_on_common_ones():
    _, views = planted(90, 3, 300, noise=3.0)
    rows = [np.flatnonzero(np.arange(90) % 5 != k) for k in range(3)]
    kernels = [linear_gram(v[own])[0] for v, own in zip(views, rows, strict=True)]
    found = heldout_correlation(kernels, rows, 90, regularisation=KAPPA, n_components=3)
    assert (found > 0.7).all()


def test_a_single_image_cannot_be_held_out():
    with pytest.raises(ValueError, match=r"1 fold\(s\)"):
        heldout_correlation(
            [np.ones((1, 1))] * 2, [np.arange(1)] * 2, 1, regularisation=0.9, n_components=1
        )
