"""Gram vectors against the textbook unbiased HSIC in float64, and against independence."""

from __future__ import annotations

import numpy as np
import pytest

from repalign.kernels.comparison import rsa
from repalign.kernels.gram import gram_vector
from repalign.kernels.rdm import n_pairs

TOLERANCE = {np.float32: 1e-5, np.float64: 1e-12}
DTYPES = list(TOLERANCE)


def song_hsic(x, y):
    """Equation 5 of Song et al. (2012), as it stands there: no centring, full matrices."""
    k, m = x @ x.T, y @ y.T
    n = len(k)
    np.fill_diagonal(k, 0)
    np.fill_diagonal(m, 0)
    ones = np.ones(n)
    trace = np.trace(k @ m)
    means = (ones @ k @ ones) * (ones @ m @ ones) / ((n - 1) * (n - 2))
    cross = 2 / (n - 2) * (ones @ k @ m @ ones)
    return (trace + means - cross) / (n * (n - 3))


def song_cka(x, y):
    x, y = x.astype(np.float64), y.astype(np.float64)
    return song_hsic(x, y) / np.sqrt(song_hsic(x, x) * song_hsic(y, y))


def four_point_hsic(x, y):
    """The definition: mean over ordered quadruples of distinct trials."""
    k, m, n = x @ x.T, y @ y.T, len(x)
    total = 0.0
    count = 0
    for i in range(n):
        for j in range(n):
            for q in range(n):
                for r in range(n):
                    if len({i, j, q, r}) == 4:
                        total += k[i, j] * (m[i, j] + m[q, r] - 2 * m[i, q])
                        count += 1
    return total / count


def cka(x, y, dtype=np.float64, **kwargs):
    a, b = (gram_vector(p, dtype=dtype, **kwargs).astype(np.float64) for p in (x, y))
    return float(a @ b)


def related(seed, n=60, p=40, q=30, noise=1.0):
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(n, 4))
    x = latent @ rng.normal(size=(4, p)) + noise * rng.normal(size=(n, p))
    return x, latent @ rng.normal(size=(4, q)) + noise * rng.normal(size=(n, q))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("noise", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("n", [4, 5, 60])
def test_song(n, noise, dtype):
    x, y = related(1, n=n, noise=noise)
    assert abs(cka(x, y, dtype) - song_cka(x, y)) < TOLERANCE[dtype]


def test_the_four_point_definition():
    x, y = related(2, n=7, p=3, q=2)
    own = [four_point_hsic(z, z) for z in (x, y)]
    assert np.isclose(cka(x, y), four_point_hsic(x, y) / np.sqrt(own[0] * own[1]), atol=1e-12)


@pytest.mark.parametrize("p", [50, 500, 5000])
def test_float32_of_data_in_0_1(p):
    """The table of models.md 7.2: rounding must not reach the size of the values themselves."""
    rng = np.random.default_rng(p)
    x, y = rng.random((2, 750, p), dtype=np.float32)
    exact = cka(x, y)
    assert abs(exact) < 0.02
    assert abs(cka(x, y, np.float32) - exact) < 1e-7
    # Also where float32 adds up the product itself.
    assert abs(float(gram_vector(x) @ gram_vector(y)) - exact) < 1e-7


@pytest.mark.parametrize("offset", [0, 1e3])
@pytest.mark.parametrize("p", [2, 300])
def test_float32_with_signal(p, offset):
    x, y = related(3, n=200, p=p, q=p, noise=0.3)
    x, y = (x + offset).astype(np.float32), (y - offset).astype(np.float32)
    exact = cka(x, y)
    assert exact > 0.3
    assert abs(cka(x, y, np.float32) - exact) < 1e-6
    # At this offset the textbook form itself loses four digits in float64; a shift of the
    # patterns changes nothing in it but that.
    x, y = (z - z.mean(axis=0, dtype=np.float64) for z in (x, y))
    assert abs(song_cka(x, y) - exact) < 1e-10


def test_independent_patterns_have_cka_0_on_average():
    rng = np.random.default_rng(4)
    values = [cka(rng.random((20, 30)), rng.normal(size=(20, 8))) for _ in range(400)]
    standard_error = np.std(values, ddof=1) / np.sqrt(len(values))
    assert abs(np.mean(values)) < 3 * standard_error
    assert standard_error < 0.01
    # The biased estimate would be far off: this test can fail.
    assert np.std(values) > 0.05


@pytest.mark.parametrize("dtype", DTYPES)
def test_invariance_to_shift_rotation_and_scale(dtype):
    x, y = related(5)
    rotation = np.linalg.qr(np.random.default_rng(6).normal(size=(40, 40)))[0]
    expected = cka(x, y, dtype)
    for changed in (
        x + np.arange(40),
        x @ rotation,
        1e-25 * x,
        1e25 * x,
        (x + 0.3) * 7,
        x[:, ::-1],
    ):
        assert abs(cka(changed, y, dtype) - expected) < 10 * TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", DTYPES)
def test_norm_rows_and_self_similarity(dtype):
    x, _ = related(7)
    unit = gram_vector(x, dtype=dtype)
    assert unit.dtype == dtype
    assert unit.shape == (n_pairs(60),)
    assert abs(np.linalg.norm(unit.astype(float)) - 1) < 1e-6
    square = np.zeros((60, 60))
    square[np.triu_indices(60, 1)] = unit
    np.testing.assert_allclose((square + square.T).sum(axis=0), 0, atol=20 * np.finfo(dtype).eps)


def test_clipping_as_published():
    rng = np.random.default_rng(8)
    x = (rng.standard_t(2, (50, 40)) * 300).astype(np.int16)
    y = (rng.standard_t(2, (50, 40)) * 300 + x).astype(np.int16)

    def published(z):
        low, high = np.quantile(z.astype(float), [0.003, 0.997])
        return (np.clip(z, low, high) - low) / (high - low)

    expected = song_cka(published(x), published(y))
    assert abs(cka(x, y, np.float32, quantile=0.003) - expected) < 1e-6
    assert abs(cka(x, y) - expected) > 1e-3


@pytest.mark.parametrize("source", [np.int16, np.float32, np.float64])
def test_memory_order_and_blocks_do_not_matter(source, monkeypatch):
    x = (related(9)[0] * 100).astype(source)
    before = x.copy()
    expected = gram_vector(x)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(gram_vector(np.asfortranarray(x)), expected)
    x.flags.writeable = False
    monkeypatch.setattr("repalign.kernels.centred.CHUNK", 130)
    np.testing.assert_allclose(gram_vector(x), expected, atol=1e-7)


def test_all_pairs_in_one_product():
    x, y = related(10)
    vectors = np.empty((3, n_pairs(60)), np.float32)
    for row, patterns in enumerate((x, y, np.ones((60, 2)))):
        assert np.shares_memory(gram_vector(patterns, out=vectors[row]), vectors)
    table = rsa(vectors, vectors)
    assert abs(table[0, 1] - song_cka(x, y)) < 1e-6
    assert abs(table[0, 0] - 1) < 1e-6
    assert np.isnan(table[2]).all()
    assert np.isnan(table[:, 2]).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "patterns",
    [
        np.full((30, 5), 0.1),
        np.full((30, 1), 0.1, np.float32),
        np.full((30, 7), 1e5, np.float32) + np.arange(7, dtype=np.float32),
        np.zeros((30, 0)),
        np.eye(12),
        5 * np.eye(300, dtype=np.float32)[:, :300] + 0.7,
        np.arange(12.0).reshape(3, 4),
        np.zeros((0, 4)),
        np.zeros((1, 4), np.int16),
    ],
)
def test_nothing_left_is_nan(patterns, dtype):
    unit = gram_vector(patterns, dtype=dtype)
    assert unit.shape == (n_pairs(len(patterns)),)
    assert np.isnan(unit).all()


def test_one_different_trial_is_not_nothing():
    patterns = np.full((30, 5), 0.1, np.float32)
    patterns[3] = 0.2
    # All inner products of the 29 equal trials are one number, and those with the other too:
    # U-centring leaves rounding only.
    assert np.isnan(gram_vector(patterns)).all()
    patterns[4] = 0.3
    assert np.isfinite(gram_vector(patterns)).all()


def test_wrong_arguments():
    x, _ = related(11)
    with pytest.raises(ValueError, match=r"\(3,\)"):
        gram_vector(np.zeros(3))
    with pytest.raises(ValueError, match="float16"):
        gram_vector(x, dtype=np.float16)
    with pytest.raises(ValueError, match=r"0\.7"):
        gram_vector(x, 0.7)
    for out in (np.empty(7, np.float32), np.empty(1770), np.empty(3540, np.float32)[::2]):
        with pytest.raises(ValueError, match=r"shape \(1770,\)"):
            gram_vector(x, out=out)
    x[3, 4] = np.nan
    for quantile in (None, 0.003):
        with pytest.raises(ValueError, match="trial 3, voxel 4"):
            gram_vector(x, quantile)
    with pytest.raises(ValueError, match="trial 0, voxel 0"):
        gram_vector(np.full((2, 2), np.nan))
