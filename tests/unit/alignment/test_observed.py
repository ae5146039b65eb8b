"""Observed statistics against pandas, on unbalanced sessions."""

from itertools import product

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pytest

from repalign.alignment.observed import inter_subject_means, model_means
from repalign.tables.alignment_tables import (
    RSA_SUBJECT_MODEL,
    RSA_SUBJECT_MODEL_OTHERS,
    sessions_first,
)
from repalign.tables.columns import table_of
from repalign.tables.parquet import parquet_writer, read_table
from repalign.tables.rsa_table import RSA_SUBJECT_SUBJECT, pair_table

ROIS = [1, 4, 9]
LAYERS = {"big_pool-cls": 4, "small_pool-cls": 2, "words_pool-avg": 3}
SESSIONS = {1: 3, 2: 1, 5: 2}


@pytest.fixture
def models(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "models.parquet"
    with parquet_writer(path, RSA_SUBJECT_MODEL, {}) as writer:
        for (model, n_layers), (subject, n_sessions) in product(LAYERS.items(), SESSIONS.items()):
            keys = np.array(list(product(ROIS, range(n_layers), range(1, n_sessions + 1))))
            values = rng.normal(size=len(keys)).astype(np.float32)
            columns = {
                "roi": keys[:, 0], "layer": keys[:, 1], "session": keys[:, 2],
                "similarity": values, "subject": subject, "model": model,
                "join_hemispheres": True,
            }  # fmt: skip
            writer.write_table(table_of(RSA_SUBJECT_MODEL, columns))
    return path


def test_model_means_are_nested(models):
    frame = pd.read_parquet(models).astype({"similarity": float, "model": str})
    keys = ["model", "roi", "subject", "session"]
    best = frame.groupby(keys)["similarity"].agg(lambda v: v.iloc[v.abs().argmax()])
    nested = best.groupby(keys[:3]).mean().groupby(keys[:2]).mean()
    language, vision = model_means(models, ROIS)
    np.testing.assert_allclose(language, nested["words_pool-avg"])
    expected = (nested["big_pool-cls"] + nested["small_pool-cls"]) / 2
    np.testing.assert_allclose(vision, expected)
    flat = best.drop("words_pool-avg").groupby("roi").mean()
    assert np.abs(vision - flat).max() > 1e-3, "the design is unbalanced enough to tell"


@pytest.fixture
def models_elsewhere(models, tmp_path):
    """The same similarities in the columns and order of BOLD5000 and THINGS."""
    path = tmp_path / "elsewhere.parquet"
    table = read_table(models)
    with parquet_writer(path, RSA_SUBJECT_MODEL_OTHERS, {}) as writer:
        for model, subject in product(LAYERS, SESSIONS):
            chosen = (pc.equal(table["model"].cast("string"), model),
                      pc.equal(table["subject"], subject))  # fmt: skip
            part = table.filter(pc.and_(*chosen))
            shuffled = part.take(np.random.default_rng(subject).permutation(len(part)))
            writer.write_table(sessions_first(shuffled, "bold5000-coco"))
    return path


def test_the_form_of_other_datasets_holds_the_same_values(models, models_elsewhere):
    own, other = (pd.read_parquet(path) for path in (models, models_elsewhere))
    assert set(other["dataset"]) == {"bold5000-coco"}
    assert other["layer"].min() == 1
    keys = ["model", "subject", "session", "roi", "layer"]
    order = other[keys].astype({"model": str})
    for _, part in order.groupby(["model", "subject"]):
        assert part.equals(part.sort_values(keys[2:], kind="stable"))
    own = own.assign(layer=own["layer"] + 1).astype({"model": str, "layer": int})
    other = other.astype({"model": str, "layer": int})
    pd.testing.assert_series_equal(
        own.set_index(keys)["similarity"].sort_index(),
        other.set_index(keys)["similarity"].sort_index(),
    )


def test_means_do_not_depend_on_the_order_of_rows(models, models_elsewhere):
    for own, other in zip(
        model_means(models, ROIS), model_means(models_elsewhere, ROIS), strict=True
    ):
        np.testing.assert_array_equal(own, other)


def test_a_modality_without_models_is_nan(tmp_path, models):
    frame = pd.read_parquet(models).query("model == 'words_pool-avg' and subject == 1")
    path = tmp_path / "one.parquet"
    columns = {name: frame[name].to_numpy() for name in frame}
    columns |= {"model": "words_pool-avg"}
    with parquet_writer(path, RSA_SUBJECT_MODEL, {}) as writer:
        writer.write_table(table_of(RSA_SUBJECT_MODEL, columns))
    language, vision = model_means(path, ROIS)
    assert np.isfinite(language).all()
    assert np.isnan(vision).all()


def test_inter_subject_means_leave_out_self_pairs_and_nan(tmp_path):
    rng = np.random.default_rng(1)
    path = tmp_path / "pairs.parquet"
    values = {}
    with parquet_writer(path, RSA_SUBJECT_SUBJECT, {}) as writer:
        for i, j in product([1, 2, 3], [1, 2, 3]):
            matrix = rng.normal(size=(3, 3))
            if (i, j) == (1, 2):
                matrix[1] = np.nan
            if i != j:
                matrix[2, 2] = np.nan
            values[i, j] = matrix.astype(np.float32)
            writer.write_table(
                pair_table(matrix, ROIS, subject_i=i, subject_j=j, joined=True, shift=1)
            )
    found = inter_subject_means(path, ROIS)
    others = np.stack([np.diagonal(m) for (i, j), m in values.items() if i != j]).astype(float)
    np.testing.assert_allclose(found[0], others[:, 0].mean())
    np.testing.assert_allclose(found[1], np.nanmean(others[:, 1]))
    assert np.isnan(found[2])
