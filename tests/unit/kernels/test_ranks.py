"""Ranks against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import rankdata

from repalign.kernels import ranks as module
from repalign.kernels.ranks import rank_rdm, ranks

DTYPES = [np.float32, np.float64]
TIES = ["average", "ordinal"]


def make(kind, dtype, n=200_000):
    rng = np.random.default_rng(11)
    values = {
        "distances": lambda: 1 - 0.05 * rng.normal(size=n),
        "heavy tails": lambda: rng.standard_cauchy(n),
        "three values": lambda: rng.integers(0, 3, n),
        "two voxels": lambda: np.where(rng.random(n) < 0.3, 0, 2),
        "runs of any length": lambda: np.repeat(rng.permutation(600), rng.integers(1, 900, 600)),
        "signed zeros": lambda: rng.choice([-1e-40, -0.0, 0.0, 1e-40], n),
        "ascending": lambda: np.arange(n),
        "descending": lambda: -np.arange(n),
        "infinities": lambda: rng.choice([-np.inf, -1, 1, np.inf], n),
    }[kind]()
    return values.astype(dtype)


KINDS = [
    "distances",
    "heavy tails",
    "three values",
    "two voxels",
    "runs of any length",
    "signed zeros",
    "ascending",
    "descending",
    "infinities",
]


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
def test_scipy_rankdata(kind, dtype, ties):
    vector = make(kind, dtype)
    before = vector.copy()
    mine = ranks(vector, ties)
    assert mine.dtype == np.float64
    np.testing.assert_array_equal(mine, rankdata(vector, method=ties))
    np.testing.assert_array_equal(vector, before)


@settings(max_examples=60)
@given(
    hnp.arrays(
        st.sampled_from(DTYPES),
        st.integers(1, 30),
        elements=st.floats(-1e3, 1e3, width=32) | st.sampled_from([0.0, -0.0, 1.0]),
    ),
    st.sampled_from(TIES),
)
@example(np.array([0.0, -0.0, 0.0], np.float32), "ordinal")
@example(np.array([0.0, -0.0, 0.0], np.float64), "average")
def test_short_vectors(vector, ties):
    np.testing.assert_array_equal(ranks(vector, ties), rankdata(vector, method=ties))


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["distances", "three values", "runs of any length"])
def test_unit_vector(kind, dtype, ties):
    vector = make(kind, dtype)
    centred = rankdata(vector, method=ties) - (vector.size + 1) / 2
    unit = rank_rdm(vector, ties)
    assert unit.dtype == dtype
    np.testing.assert_allclose(
        unit, centred / np.linalg.norm(centred), rtol=4 * np.finfo(dtype).eps, atol=0
    )


def test_published_ordinal_ranks():
    vector = make("distances", np.float32, 5000)
    fractions = np.argsort(np.argsort(vector, kind="stable")) / vector.size
    centred = fractions - fractions.mean()
    np.testing.assert_allclose(
        rank_rdm(vector.astype(float), "ordinal"), centred / np.linalg.norm(centred), atol=1e-12
    )


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_runs_never_split_ties(dtype, ties, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 7)
    vector = make("runs of any length", dtype)[:500]
    np.testing.assert_array_equal(ranks(vector, ties), rankdata(vector, method=ties))


@pytest.mark.parametrize("ties", TIES)
def test_too_many_pairs_for_packed_keys(ties, monkeypatch):
    monkeypatch.setattr(module, "PACKED_LIMIT", 10)
    vector = make("three values", np.float32)
    np.testing.assert_array_equal(ranks(vector, ties), rankdata(vector, method=ties))


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("values", [[1, np.nan, 2], [np.nan] * 3])
def test_nan_gives_nan(values, dtype, ties):
    vector = np.array(values, dtype)
    assert np.isnan(ranks(vector, ties)).all()
    assert np.isnan(rank_rdm(vector, ties)).all()


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("values", [[3, 3, 3], [0.0, -0.0], [5], []])
def test_flat_vectors_give_nan(values, ties):
    unit = rank_rdm(np.array(values, np.float32), ties)
    assert unit.shape == (len(values),)
    assert np.isnan(unit).all()


def test_non_contiguous_and_read_only():
    vector = make("distances", np.float32, 1000)
    vector.flags.writeable = False
    for view in (vector[::3], vector[::-1]):
        np.testing.assert_array_equal(ranks(view), rankdata(view))


@pytest.mark.parametrize("function", [ranks, rank_rdm])
def test_wrong_arguments(function):
    with pytest.raises(ValueError, match=r"dense.*average, ordinal"):
        function(np.zeros(3), "dense")
    with pytest.raises(ValueError, match="int64"):
        function(np.arange(3))
    with pytest.raises(ValueError, match=r"\(2, 2\)"):
        function(np.zeros((2, 2)))
