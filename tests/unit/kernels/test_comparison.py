"""Similarities of RDMs against SciPy and rsatoolbox, for every registered comparison."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr, spearmanr

from repalign.kernels.comparison import COMPARISONS, rsa, rsa_matrix
from repalign.kernels.rdm import correlation_rdm

SCIPY = {"pearson": pearsonr, "spearman": spearmanr}
RSATOOLBOX = {"pearson": "corr", "spearman": "spearman"}
TOLERANCE = {np.float32: 1e-5, np.float64: 1e-12}
DTYPES = list(TOLERANCE)
NAMES = sorted(COMPARISONS)


def distances(n_rois, n_trials=30, seed=0, dtype=np.float64):
    """Related RDMs of regions of 2 to 40 voxels."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(0, 1, (n_trials, 4))
    return np.array(
        [
            correlation_rdm(
                latent @ rng.normal(0, 1, (4, v)) + rng.normal(0, 1, (n_trials, v)), dtype=dtype
            )
            for v in np.linspace(3, 40, n_rois).astype(int)
        ]
    )


def units(name, rdms):
    return np.array([COMPARISONS[name](row) for row in rdms])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_scipy(name, dtype):
    x, y = distances(4, seed=1, dtype=dtype), distances(3, seed=2, dtype=dtype)
    expected = [[SCIPY[name](a.astype(float), b.astype(float)).statistic for b in y] for a in x]
    similarity = rsa(units(name, x), units(name, y))
    assert similarity.dtype == np.float64
    np.testing.assert_allclose(similarity, expected, atol=TOLERANCE[dtype], rtol=0)


@pytest.mark.parametrize("name", NAMES)
def test_rsatoolbox(name):
    rsatoolbox = pytest.importorskip("rsatoolbox")
    rng = np.random.default_rng(5)
    patterns = [rng.normal(0, 1, (25, 8)), rng.normal(0, 1, (25, 30))]
    rdms = [rsatoolbox.rdm.calc_rdm(rsatoolbox.data.Dataset(p), "correlation") for p in patterns]
    expected = rsatoolbox.rdm.compare(*rdms, method=RSATOOLBOX[name])
    mine = [units(name, [correlation_rdm(p, None, np.float64)]) for p in patterns]
    np.testing.assert_allclose(rsa(*mine), expected, atol=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_self_similarity_symmetry_and_range(name, dtype):
    x = units(name, distances(6, dtype=dtype))
    similarity = rsa(x, x, block=100)
    atol = TOLERANCE[dtype]
    np.testing.assert_allclose(np.diag(similarity), 1, atol=atol)
    np.testing.assert_allclose(similarity, similarity.T, atol=atol)
    assert (np.abs(similarity) <= 1 + atol).all()


@settings(max_examples=30)
@given(
    st.sampled_from(NAMES),
    st.sampled_from(DTYPES),
    st.integers(0, 2**32 - 1),
    st.integers(3, 8),
    st.integers(1, 40),
)
def test_any_block_length(name, dtype, seed, n_trials, block):
    rng = np.random.default_rng(seed)
    n = n_trials * (n_trials - 1) // 2
    x, y = (units(name, rng.random((k, n)).astype(dtype)) for k in (3, 2))
    whole = x.astype(float) @ y.astype(float).T
    atol = TOLERANCE[dtype]
    np.testing.assert_allclose(rsa(x, y, block), whole, atol=atol)
    np.testing.assert_allclose(rsa(y, x, block).T, whole, atol=atol)
    assert (np.abs(whole) <= 1 + atol).all()


@pytest.mark.parametrize("name", NAMES)
def test_trial_order_common_to_both_sides_does_not_matter(name):
    x, y = units(name, distances(3, seed=1)), units(name, distances(3, seed=2))
    order = np.random.default_rng(0).permutation(x.shape[1])
    np.testing.assert_allclose(rsa(x[:, order], y[:, order]), rsa(x, y), atol=1e-14)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_flat_regions_stay_in_their_row_and_column(name, dtype):
    rdms = distances(7, dtype=dtype)
    flat = rdms.copy()
    flat[2] = 1
    flat[5] = np.nan
    expected = rsa(units(name, rdms), units(name, rdms))
    similarity = rsa(units(name, flat), units(name, rdms), block=50)
    assert np.isnan(similarity[[2, 5]]).all()
    kept = [0, 1, 3, 4, 6]
    np.testing.assert_allclose(similarity[kept], expected[kept], atol=TOLERANCE[dtype])
    both = rsa(units(name, flat), units(name, flat), block=50)
    assert np.isnan(both).sum() == 49 - 25
    np.testing.assert_allclose(
        both[np.ix_(kept, kept)], expected[np.ix_(kept, kept)], atol=TOLERANCE[dtype]
    )


@pytest.mark.parametrize("name", NAMES)
def test_two_and_three_trials(name):
    one_pair = units(name, [[0.3], [0.4]] * np.ones((2, 1)))
    assert np.isnan(rsa(one_pair, one_pair)).all()
    three = units(name, np.array([[0.1, 0.5, 0.9], [0.9, 0.5, 0.1]]))
    np.testing.assert_allclose(rsa(three, three), [[1, -1], [-1, 1]], atol=1e-12)


def test_no_pairs():
    empty = np.empty((2, 0), np.float32)
    assert np.isnan(rsa(empty, empty)).all()


def test_sum_over_blocks_is_double_precision():
    # One large product, then products that a float32 sum would lose one by one.
    one = np.ones((1, 1), np.float32)
    blocks = [(one, one)] + [(one * np.float32(2**-13), one * np.float32(2**-13))] * 1000
    assert rsa_matrix(blocks)[0, 0] == 1 + 1000 * 2.0**-26


def test_inputs_are_not_modified():
    x = units("pearson", distances(3))
    before = x.copy()
    total = rsa_matrix([(x, x)])
    total += 1
    np.testing.assert_array_equal(x, before)
    np.testing.assert_allclose(rsa(np.asfortranarray(x), x[:, ::-1][:, ::-1]), total - 1)


def test_one_block_is_returned_as_float64():
    x = np.eye(3, dtype=np.float32)
    assert rsa_matrix(iter([(x, x)])).dtype == np.float64


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (np.zeros((2, 5)), np.zeros((2, 6))),
        (np.zeros(5), np.zeros((2, 5))),
        (np.zeros((2, 5), np.float32), np.zeros((2, 5))),
        (np.zeros((2, 5), int), np.zeros((2, 5), int)),
    ],
)
def test_blocks_that_do_not_fit(x, y):
    with pytest.raises(ValueError, match="block 0"):
        rsa_matrix([(x, y)])
    with pytest.raises(ValueError, match="expected"):
        rsa(x, y)


def test_blocks_that_change_shape():
    with pytest.raises(ValueError, match=r"block 1 .*\(2, 2\) rows"):
        rsa_matrix([(np.zeros((2, 5)), np.zeros((2, 5))), (np.zeros((3, 5)), np.zeros((2, 5)))])


def test_no_blocks_and_no_length():
    with pytest.raises(ValueError, match="empty"):
        rsa_matrix([])
    with pytest.raises(ValueError, match="block is 0"):
        rsa(np.zeros((2, 5)), np.zeros((2, 5)), 0)


def test_every_comparison_has_oracles():
    assert set(COMPARISONS) == set(SCIPY) == set(RSATOOLBOX)
