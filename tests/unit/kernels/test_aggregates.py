"""Signed extremes and nested means against loops and pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from repalign.kernels.aggregates import nested_mean, signed_extreme


def test_the_extreme_keeps_its_sign():
    values = np.array([[0.1, -0.5, 0.4], [0.2, 0.6, -0.1], [-0.3, 0.3, 0.1], [0.0, 0.0, -0.0]])
    assert signed_extreme(values, 1).tolist() == [-0.5, 0.6, -0.3, 0.0]
    assert signed_extreme(values, 0).tolist() == [-0.3, 0.6, 0.4]
    assert signed_extreme(values, -1).tolist() == [-0.5, 0.6, -0.3, 0.0]


def test_the_extreme_ignores_nan_unless_nothing_is_left():
    nan = np.nan
    values = np.array([[nan, -0.2, 0.1], [nan, nan, nan], [0.0, nan, nan], [nan, 0.3, -0.3]])
    before = values.copy()
    np.testing.assert_array_equal(signed_extreme(values, 1), [-0.2, nan, 0.0, 0.3])
    np.testing.assert_array_equal(values, before)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_extreme_of_many_axes(dtype):
    values = np.random.default_rng(0).normal(size=(3, 4, 5, 2)).astype(dtype)
    extreme = signed_extreme(values, 2)
    assert extreme.dtype == dtype
    for place in np.ndindex(3, 4, 2):
        layers = values[place[0], place[1], :, place[2]]
        assert extreme[place] == max(layers, key=abs)


def test_no_layers_are_refused():
    with pytest.raises(ValueError, match=r"shape \(2, 0\)"):
        signed_extreme(np.zeros((2, 0)), 1)


def unbalanced():
    """Two models, three subjects, unequal sessions; records in no order."""
    sessions = {(m, s): k for k, (m, s) in enumerate([(0, 1), (0, 4), (1, 1), (1, 4), (1, 6)], 1)}
    keys = [(m, s) for (m, s), n in sessions.items() for _ in range(n)]
    rng = np.random.default_rng(1)
    model, subject = np.array(keys)[rng.permutation(len(keys))].T
    return model, subject, rng.normal(size=(len(keys), 3))


def test_nested_mean_is_a_mean_of_means():
    model, subject, values = unbalanced()
    of_models = []
    for m in (0, 1):
        subjects = sorted(set(subject[model == m]))
        of_models.append(
            np.mean([values[(model == m) & (subject == s)].mean(0) for s in subjects], axis=0)
        )
    expected = np.mean(of_models, axis=0)
    np.testing.assert_allclose(nested_mean(values, model, subject), expected, rtol=1e-14)
    assert np.abs(expected - values.mean(axis=0)).max() > 0.01


def test_nested_mean_equals_pandas_with_gaps_and_names():
    model, subject, values = unbalanced()
    values[[0, 3, 4], 1] = np.nan
    values[(model == 0) & (subject == 1), 2] = np.nan
    names = np.array(["vit", "bert"])[model]
    frame = pd.DataFrame(values).assign(model=names, subject=subject)
    expected = frame.groupby(["model", "subject"]).mean().groupby("model").mean().mean()
    np.testing.assert_allclose(nested_mean(values, names, subject), expected, rtol=1e-14)


def test_nested_mean_without_levels_is_the_mean():
    values = np.arange(6.0).reshape(3, 2)
    assert nested_mean(values).tolist() == [2, 3]
    assert np.isnan(nested_mean(np.full((2, 2), np.nan))).all()


def test_wrong_labels_are_refused():
    with pytest.raises(ValueError, match=r"3 records with labels of shapes \[\(2,\)\]"):
        nested_mean(np.zeros((3, 1)), np.zeros(2))
    with pytest.raises(ValueError, match="0 records"):
        nested_mean(np.zeros((0, 1)))
