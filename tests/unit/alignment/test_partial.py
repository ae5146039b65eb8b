"""Partial RSA over files: every condition against the regression of single vectors."""

import numpy as np
import pandas as pd
import pytest

from repalign.alignment.partial import (
    UNCONTROLLED,
    compare_pair_with_controls,
    compare_with_controls,
    control_vectors,
    hold_constant,
)
from repalign.alignment.vectors import different_stimuli
from repalign.models.controls import read_controls
from repalign.tables.rdm_store import RdmReader

from .conftest import unit_vectors

STIMULI = np.array([3, 1, 8, 1, 5, 3, 7, 2])
UPPER = np.triu_indices(8, 1)


@pytest.fixture
def controls(tmp_path):
    rng = np.random.default_rng(0)
    ids = np.array([8, 1, 2, 3, 5, 7])
    tables = {
        "level": {"level": rng.integers(0, 3, 6)},
        "flat": {"one": np.ones(6)},
        "many": {f"c{k}": rng.normal(size=6) for k in range(3)},
    }
    paths = []
    for name, columns in tables.items():
        paths.append(tmp_path / f"control_{name}.parquet")
        pd.DataFrame({"nsd_id": ids, **columns}).to_parquet(paths[-1])
    return read_controls(paths)


def distances(control):
    rows = control.rows(STIMULI).astype(float)
    return np.linalg.norm(rows[:, None] - rows[None], axis=2)[UPPER]


def residual(vector, control):
    design = np.column_stack([np.ones_like(control), control])
    return vector - design @ np.linalg.lstsq(design, vector, rcond=None)[0]


def expected(x, y, control):
    return [[np.corrcoef(residual(a, control), residual(b, control))[0, 1] for b in y] for a in x]


def test_control_vectors_are_unit_euclidean_distances(controls):
    found = control_vectors(controls, STIMULI)
    assert found.shape == (3, 28)
    assert np.isnan(found[1]).all(), "a constant control says nothing"
    for k, name in ((0, "level"), (2, "many")):
        flat = distances(controls[name])
        np.testing.assert_allclose(np.corrcoef(found[k], flat)[0, 1], 1, atol=1e-6)
        assert abs(np.linalg.norm(found[k]) - 1) < 1e-6
        assert abs(found[k].sum()) < 1e-5


def test_left_out_pairs_are_zero_and_do_not_count(controls):
    keep = different_stimuli(STIMULI)
    assert keep is not None
    found = control_vectors(controls, STIMULI, keep)
    assert np.isnan(found[1][keep]).all()
    for k, name in ((0, "level"), (2, "many")):
        assert not found[k][~keep].any()
        flat = distances(controls[name])[keep]
        flat = (flat - flat.mean()) / np.linalg.norm(flat - flat.mean())
        np.testing.assert_allclose(found[k][keep], flat, atol=1e-6)


def test_models_and_pairs_agree_with_regression(controls, store):
    x, y = unit_vectors(3, 8, 1), unit_vectors(4, 8, 2)
    vectors = control_vectors(controls, STIMULI)
    readers = [RdmReader(store(name, v, np.arange(8))) for name, v in (("x", x), ("y", y[:3]))]
    for found, theirs in (
        (compare_with_controls(readers[0], y, vectors), y),
        (compare_pair_with_controls(readers[0], readers[1], vectors), y[:3]),
    ):
        conditions = dict(hold_constant(*found, list(controls)))
        assert list(conditions) == [UNCONTROLLED, "level", "flat", "many"]
        np.testing.assert_allclose(conditions[UNCONTROLLED], x @ theirs.T, atol=1e-6)
        assert np.isnan(conditions["flat"]).all()
        for name in ("level", "many"):
            values = expected(x.astype(float), theirs.astype(float), distances(controls[name]))
            np.testing.assert_allclose(conditions[name], values, atol=1e-5)


def test_a_side_that_is_the_control_is_nan_and_never_infinite(controls, store):
    vectors = control_vectors(controls, STIMULI)
    x = unit_vectors(3, 8, 1)
    x[1] = vectors[0]
    reader = RdmReader(store("x", x, np.arange(8)))
    y = np.concatenate([unit_vectors(1, 8, 2), -vectors[[0]]])
    conditions = dict(hold_constant(*compare_with_controls(reader, y, vectors), list(controls)))
    undefined = np.isnan(conditions["level"])
    np.testing.assert_array_equal(undefined, [[False, True], [True, True], [False, True]])
    assert not np.isinf(conditions["many"]).any()


def test_an_unrelated_control_changes_nothing(store):
    similarity, none = np.array([[0.3, -0.2]]), np.zeros((1, 1))
    (_, plain), (name, found) = hold_constant(similarity, none, np.zeros((2, 1)), ["noise"])
    assert name == "noise"
    np.testing.assert_allclose(found, plain)
