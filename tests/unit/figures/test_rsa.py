"""Averages of a table against pandas, what is undefined, and refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from repalign.errors import RepalignError
from repalign.figures import rows
from repalign.figures.ranking import standard_error
from repalign.figures.rsa import describe, similarity_summary, title_of

ROIS = [1, 2, 5, 6]
SUBJECTS = [1, 2, 4]


def by_pandas(path, *, within: bool) -> pd.DataFrame:
    frame = pd.read_parquet(path).astype({"similarity": "float64"})
    chosen = frame[(frame["subject_i"] == frame["subject_j"]) == within]
    return chosen.pivot_table(
        index="roi_x", columns="roi_y", values="similarity", aggfunc="mean", dropna=False
    )


@pytest.mark.parametrize("undefined", [(), [(2, 5)]], ids=["complete", "one undefined"])
@pytest.mark.parametrize("batch_rows", [7, 2**17], ids=["small batches", "one batch"])
def test_means_match_pandas(make_table, monkeypatch, undefined, batch_rows):
    monkeypatch.setattr(rows, "BATCH_ROWS", batch_rows)
    path = make_table(ROIS, SUBJECTS, undefined=undefined)
    summary = similarity_summary(path, ROIS, SUBJECTS, shift=1, joined=True)
    np.testing.assert_allclose(summary.inter, by_pandas(path, within=False), atol=1e-15)
    np.testing.assert_allclose(summary.within, by_pandas(path, within=True), atol=1e-15)


def test_subject_diagonal_matches_pandas(make_table):
    path = make_table(ROIS, SUBJECTS, undefined=[(2, 5)])
    summary = similarity_summary(path, ROIS, SUBJECTS, shift=1, joined=True)
    frame = pd.read_parquet(path).astype({"similarity": "float64"})
    own = frame[(frame["subject_i"] != frame["subject_j"]) & (frame["roi_x"] == frame["roi_y"])]
    expected = own.pivot_table(
        index="subject_i", columns="roi_x", values="similarity", dropna=False
    )
    np.testing.assert_allclose(summary.subject_diagonal, expected, atol=1e-15)
    assert np.isnan(summary.subject_diagonal[1, 2])


def test_mean_of_subjects_is_the_diagonal(make_table):
    path = make_table(ROIS, SUBJECTS, undefined=[(2, 5)])
    summary = similarity_summary(path, ROIS, SUBJECTS, shift=1, joined=True)
    np.testing.assert_allclose(
        np.nanmean(summary.subject_diagonal, axis=0), np.diag(summary.inter), atol=1e-15
    )


def test_undefined_and_incomplete_regions(make_table):
    undefined = [(2, 5), *[(subject, 6) for subject in SUBJECTS]]
    path = make_table(ROIS, SUBJECTS, undefined=undefined)
    summary = similarity_summary(path, ROIS, SUBJECTS, shift=1, joined=True)
    assert summary.undefined.tolist() == [False, False, False, True]
    assert summary.incomplete.tolist() == [False, False, True, False]
    assert np.diag(summary.inter_pairs).tolist() == [6, 6, 2, 0]
    assert np.isnan(summary.inter[3]).all()
    note = describe(summary, "simulated")
    assert "6 ordered pairs of 3 subjects" in note
    assert "simulated data" in note
    assert "1 without a value in any pair, 1 averaged over" in note


def test_one_subject_has_no_pairs(make_table):
    path = make_table([1], [3])
    summary = similarity_summary(path, [1], [3], shift=1, joined=True)
    assert summary.n_pairs == 0
    assert summary.undefined.all()
    assert np.isfinite(summary.within).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shift": 0}, "another shift"),
        ({"joined": False}, "hemisphere mode"),
        ({"rois": [1, 2, 5]}, "roi_x 6"),
        ({"rois": [1, 2, 5, 6, 7]}, "missing or doubled"),
        ({"subjects": [1, 2]}, "subject_i 4"),
        ({"subjects": [1, 2, 3, 4]}, "missing or doubled"),
    ],
)
def test_other_tables_are_refused(make_table, change, message):
    path = make_table(ROIS, SUBJECTS)
    wanted = {"rois": ROIS, "subjects": SUBJECTS, "shift": 1, "joined": True} | change
    with pytest.raises(RepalignError, match=message):
        similarity_summary(path, **wanted)


def test_doubled_rows_are_refused(make_table):
    path = make_table(ROIS, SUBJECTS)
    table = pq.read_table(path)
    # As many rows as there should be, but the last one twice and the one before it never.
    kept = [*range(len(table) - 2), len(table) - 1, len(table) - 1]
    pq.write_table(table.take(kept), path)
    with pytest.raises(RepalignError, match="missing or doubled"):
        similarity_summary(path, ROIS, SUBJECTS, shift=1, joined=True)


def test_broken_files_are_refused(make_table):
    path = make_table(ROIS, SUBJECTS)
    pq.write_table(pq.read_table(path).drop_columns("similarity"), path)
    with pytest.raises(RepalignError, match="no column similarity"):
        similarity_summary(path, ROIS, SUBJECTS, shift=1, joined=True)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(RepalignError, match="cannot be read"):
        similarity_summary(path, ROIS, SUBJECTS, shift=1, joined=True)


def test_standard_error_matches_pandas():
    values = np.random.default_rng(0).normal(size=(5, 4))
    values[1:, 1] = np.nan
    values[:, 2] = np.nan
    values[0, 3] = np.nan
    expected = pd.DataFrame(values).sem()
    np.testing.assert_allclose(standard_error(values), expected, rtol=1e-12)


def test_title_names_dataset_and_table(tmp_path):
    assert title_of(tmp_path / "nsd" / "x.parquet") == "Inter-subject RSA: nsd/x"
