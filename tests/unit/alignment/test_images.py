"""RSA of mean responses to images: against SciPy, brute force and planted ceilings."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import pearsonr, spearmanr

from repalign.alignment.draws import Draws
from repalign.alignment.images import (
    compare_with_p,
    pairwise_with_p,
    rdm_ceilings,
    same_images,
    scaled,
    split_half_reliability,
)
from repalign.alignment.subsets import SUBSET_OF_SHOWINGS, in_subset, read_subset
from repalign.alignment.vectors import VectorMaker
from repalign.datasets.response_folder import region_file
from repalign.errors import RepalignError
from repalign.kernels.pvalues import exceedance_pvalues
from repalign.tables.columns import table_of
from repalign.tables.parquet import write_table
from repalign.tables.rdm_store import RdmReader, write_rdms

N_IMAGES, N_REPETITIONS = 9, 12
KEYS = np.arange(N_IMAGES, dtype=np.int64) * N_REPETITIONS


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def vectors(patterns):
    make = VectorMaker("rdm", 0)
    out = np.stack([make.empty(len(p)) for p in patterns])
    for row, pattern in zip(out, patterns, strict=True):
        make(pattern, row)
    return out


def stored(folder, rows, keys=KEYS):
    folder.mkdir()
    with write_rdms(folder, list(range(1, len(rows) + 1)), keys) as writer:
        for row in rows:
            writer.append(row)
    return RdmReader(folder)


@pytest.mark.parametrize(("metric", "oracle"), [("pearson", pearsonr), ("spearman", spearmanr)])
def test_similarities_are_correlations_of_distances(rng, metric, oracle):
    x, y = rng.normal(size=(2, 3, N_IMAGES, 20))
    draws = Draws("cyclic", "trial", 0, 50, N_IMAGES, 1)
    units = [scaled(vectors(p), metric, "average") for p in (x, y)]
    values, p = compare_with_p(*units, draws)
    expected = [
        [oracle(pdist(a, "correlation"), pdist(b, "correlation"))[0] for b in y] for a in x
    ]
    np.testing.assert_allclose(values, expected, atol=1e-5)
    same, same_p = pairwise_with_p(*units, draws)
    np.testing.assert_allclose(same, np.diagonal(expected), atol=1e-5)
    np.testing.assert_allclose(same_p, np.diagonal(p))


def test_p_is_the_share_of_permuted_images_that_reach_the_value(rng):
    """With few images all permutations can be gone through."""
    n = 6
    x = rng.normal(size=(n, 10))
    y = x + rng.normal(size=(n, 10))
    a, b = pdist(x, "correlation"), y
    observed = pearsonr(a, pdist(b, "correlation"))[0]
    exact = np.mean(
        [
            pearsonr(a, pdist(b[list(order)], "correlation"))[0] >= observed - 1e-9
            for order in permutations(range(n))
        ]
    )
    for scheme in ("cyclic", "independent"):
        draws = Draws(scheme, "trial", 3, 2000, n, 1)
        _, p = compare_with_p(vectors([x]), vectors([y]), draws)
        assert p[0, 0] == pytest.approx(exact, abs=0.02)


def test_an_undefined_region_is_nan_and_alone(rng):
    x = vectors(rng.normal(size=(2, N_IMAGES, 5)))
    x[0] = np.nan
    values, p = compare_with_p(x, x[1:], Draws("cyclic", "trial", 0, 20, N_IMAGES, 1))
    assert np.isnan(values[0]).all()
    assert np.isnan(p[0]).all()
    assert values[1, 0] == pytest.approx(1)
    assert np.isfinite(p[1]).all()


def test_exceedance_counts_equal_values_and_never_is_0():
    null = np.array([[0.0, 1.0], [2.0, 3.0], [1.0, np.nan]])
    assert exceedance_pvalues(np.array([1.0, 5.0]), null)[0] == 0.75
    assert np.isnan(exceedance_pvalues(np.array([1.0, 5.0]), null)[1])
    assert exceedance_pvalues(np.array(9.0), null[:, 0]) == 0.25
    with pytest.raises(ValueError, match="one more axis"):
        exceedance_pvalues(np.zeros(3), null)


def test_bounds_are_similarities_with_means_of_subjects(rng, tmp_path):
    common = rng.normal(size=(N_IMAGES, 30))
    patterns = {s: [common + rng.normal(size=common.shape)] for s in (1, 3, 7)}
    rdms = {s: stored(tmp_path / str(s), vectors(p)) for s, p in patterns.items()}
    found = rdm_ceilings(rdms, 3, np.array([0.5]), "pearson")
    z = {s: pdist(p[0], "correlation") for s, p in patterns.items()}
    z = {s: (v - v.mean()) / v.std() for s, v in z.items()}
    assert found.lower[0] == pytest.approx(pearsonr(z[3], z[1] + z[7])[0], abs=1e-5)
    assert found.upper[0] == pytest.approx(pearsonr(z[3], z[1] + z[3] + z[7])[0], abs=1e-5)
    assert found.reliability[0] == 0.5
    alone = rdm_ceilings({3: rdms[3]}, 3, np.array([0.5]), "pearson")
    assert np.isnan(alone.lower[0])
    assert alone.upper[0] == pytest.approx(1)


def test_rdms_of_other_images_are_refused(rng, tmp_path):
    rows = vectors(rng.normal(size=(1, N_IMAGES, 5)))
    rdms = {1: stored(tmp_path / "a", rows), 3: stored(tmp_path / "b", rows, KEYS + N_REPETITIONS)}
    assert same_images({1: rdms[1]}, N_REPETITIONS).tolist() == list(range(N_IMAGES))
    with pytest.raises(RepalignError, match="other images"):
        same_images(rdms, N_REPETITIONS)


def test_split_halves_see_signal_and_know_noise_and_absence(rng, tmp_path):
    images = np.repeat(np.arange(N_IMAGES), 8)
    signal = rng.normal(size=(N_IMAGES, 40))[images]
    noise = rng.normal(size=(2, len(images), 40))
    for roi, values in ((1, signal + noise[0]), (2, noise[1]), (3, np.zeros((len(images), 0)))):
        np.save(tmp_path / region_file(roi), values.astype(np.float32))
    found, n_voxels = split_half_reliability(
        tmp_path, {1: [1], 2: [2], 3: [3], 4: [1, 2]}, np.arange(len(images)), images, "pearson",
        clip_quantile=0.003, n_splits=10, seed=0,
    )  # fmt: skip
    assert n_voxels.tolist() == [40, 40, 0, 80]
    assert found[0] > 0.7
    assert abs(found[1]) < 0.6
    assert found[0] > found[3] > found[1]
    assert np.isnan(found[2])


# ------------------------------------------------------------------ subsets of showings


def test_a_subset_of_showings_takes_the_first_ones(tmp_path):
    stimuli = np.array([9, 2, 5], np.uint32)
    columns = {"stimulus": stimuli, "showings": np.array([1, 3, 2], np.uint8)}
    write_table(tmp_path / "s.parquet", table_of(SUBSET_OF_SHOWINGS, columns), {})
    shown = np.array([2, 2, 9, 9, 5, 5, 7])
    before = np.array([2, 3, 0, 1, 1, 2, 0])
    found = in_subset(tmp_path / "s.parquet", shown, before)
    assert found.tolist() == [True, False, True, False, True, False, False]
    assert read_subset(tmp_path / "s.parquet").tolist() == [2, 5, 9]
