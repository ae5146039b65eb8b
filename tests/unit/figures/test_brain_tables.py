"""Tables read pair by pair and model by model, against pandas; refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from repalign.errors import RepalignError
from repalign.figures import rows
from repalign.figures.model_scores import depth_summary
from repalign.figures.pair_cubes import read_pair_cube
from repalign.figures.significance import significant_regions
from repalign.tables.alignment_tables import RSA_PVALUES
from repalign.tables.parquet import write_table

ROIS, SUBJECTS = [1, 2, 5], [1, 2, 4]


def read(path, **changes):
    wanted = {"rois": ROIS, "subjects": SUBJECTS, "shift": 1, "joined": True} | changes
    return read_pair_cube(path, wanted.pop("rois"), wanted.pop("subjects"), **wanted)


def test_cubes_match_pandas(make_table, monkeypatch):
    monkeypatch.setattr(rows, "BATCH_ROWS", 7)
    path = make_table(ROIS, SUBJECTS, undefined=[(2, 5)])
    cube = read(path)
    frame = pd.read_parquet(path).astype({"similarity": "float64"})
    frame["within"] = frame["subject_i"] == frame["subject_j"]
    means = frame.pivot_table(index=["within", "roi_x"], columns="roi_y", values="similarity")
    np.testing.assert_allclose(cube.inter(), means.loc[False], atol=1e-7)
    np.testing.assert_allclose(cube.within(), means.loc[True], atol=1e-7)
    other = frame[~frame["within"] & (frame["roi_x"] == frame["roi_y"])]
    by_region = other.groupby("roi_x")["similarity"].mean()
    np.testing.assert_allclose(cube.region_means(), by_region, atol=1e-7)
    by_subject = other.pivot_table(
        index="subject_i", columns="roi_x", values="similarity", dropna=False
    )
    np.testing.assert_allclose(cube.subject_means(), by_subject, atol=1e-7)
    one = frame[(frame["subject_i"] == 4) & (frame["subject_j"] == 1)]
    expected = one.pivot_table(index="roi_x", columns="roi_y", values="similarity")
    np.testing.assert_allclose(cube.cells[2, 0], expected, atol=1e-7)


def test_regions_are_taken_in_the_order_asked_for(make_table):
    cube = read(make_table(ROIS, SUBJECTS))
    part = cube.of_rois([5, 1])
    np.testing.assert_array_equal(part.cells[..., 0, 1], cube.cells[..., 2, 0])
    assert part.rois == (5, 1)


def test_a_subset_is_read_by_itself(make_table):
    path = make_table(ROIS, SUBJECTS)
    table = pq.read_table(path)
    animate, other = (
        table.append_column("subset", pa.array([name] * len(table)).dictionary_encode())
        for name in ("animate", "inanimate")
    )
    halved = pa.array(table["similarity"].to_numpy() / 2)
    place = other.schema.get_field_index("similarity")
    other = other.set_column(place, other.schema.field(place), halved)
    pq.write_table(pa.concat_tables([animate, other]).unify_dictionaries(), path)
    whole, half = (read(path, subset=name) for name in ("animate", "inanimate"))
    np.testing.assert_allclose(half.cells * 2, whole.cells)
    with pytest.raises(RepalignError, match="missing or doubled"):
        read(path, subset="none")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shift": 0}, "another shift"),
        ({"joined": False}, "hemisphere mode"),
        ({"rois": [1, 2]}, "roi_x 5|roi_y 5"),
        ({"subjects": [1, 2, 3, 4]}, "missing or doubled"),
    ],
)
def test_other_tables_are_refused(make_table, change, message):
    with pytest.raises(RepalignError, match=message):
        read(make_table(ROIS, SUBJECTS), **change)


@pytest.mark.parametrize("batch_rows", [11, 2**17])
def test_curves_and_peaks_match_pandas(make_models, monkeypatch, batch_rows):
    monkeypatch.setattr(rows, "BATCH_ROWS", batch_rows)
    path, models = make_models(ROIS, SUBJECTS, first=1)
    found = depth_summary(path, list(models), ROIS, SUBJECTS, joined=True, n_points=9)
    frame = pd.read_parquet(path).astype({"similarity": "float64", "model": str})
    frame["size"] = frame["similarity"].abs()
    n_layers = frame["model"].map(models)
    frame["depth"] = (frame["layer"] - 1) / (n_layers - 1)
    best = frame.loc[frame.groupby(["model", "subject", "roi", "session"])["size"].idxmax()]
    for (model, subject, roi), own in best.groupby(["model", "subject", "roi"]):
        at = (list(models).index(model), SUBJECTS.index(subject), ROIS.index(roi))
        assert found.peak[at] == pytest.approx(own["similarity"].mean(), abs=1e-7)
        assert found.depth[at] == pytest.approx(own["depth"].mean())
        rows_of = frame[
            (frame["model"] == model) & (frame["subject"] == subject) & (frame["roi"] == roi)
        ]
        mean = rows_of.groupby("depth")["similarity"].mean()
        curve = found.curves[at[0], at[1], :, at[2]]
        np.testing.assert_allclose(
            curve, np.interp(np.linspace(0, 1, 9), mean.index, mean), atol=1e-7
        )


def test_peaks_of_means_are_chosen_after_averaging(make_models):
    path, models = make_models(ROIS, SUBJECTS)
    found = depth_summary(path, list(models), ROIS, SUBJECTS, joined=True)
    frame = pd.read_parquet(path).astype({"similarity": "float64", "model": str})
    by_subject = frame.groupby(["model", "layer", "subject", "roi"])["similarity"].mean()
    mean = by_subject.groupby(["model", "layer", "roi"]).mean()
    for (model, roi), layers in mean.groupby(["model", "roi"]):
        expected = layers[layers.abs().idxmax()]
        at = list(models).index(model), ROIS.index(roi)
        assert found.peak_of_mean[at] == pytest.approx(expected, abs=1e-7)
    # Choosing among noisier values goes farther from 0.
    excess = found.peak.mean(axis=1) - found.peak_of_mean
    assert excess.min() > -1e-12
    assert excess.max() > 0.001
    one = found.of_models([list(models)[2]])
    np.testing.assert_array_equal(one.peak_of_mean[0], found.peak_of_mean[2])


def test_models_are_taken_in_the_order_asked_for(make_models):
    path, models = make_models(ROIS, SUBJECTS)
    found = depth_summary(path, list(models), ROIS, SUBJECTS, joined=True)
    name = list(models)[1]
    np.testing.assert_array_equal(found.of_models([name]).depth[0], found.depth[1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.slice(0, len(t) - 1), "rows of"),
        (lambda t: pa.concat_tables([t, t.slice(0, 30)]), "doubled or not wanted"),
        (lambda t: t.slice(0, 0), "0 of"),
    ],
)
def test_incomplete_models_are_refused(make_models, change, message):
    path, models = make_models(ROIS, SUBJECTS)
    pq.write_table(change(pq.read_table(path)), path)
    with pytest.raises(RepalignError, match=message):
        depth_summary(path, list(models), ROIS, SUBJECTS, joined=True)
    path, models = make_models(ROIS, SUBJECTS)
    with pytest.raises(RepalignError, match="hemisphere mode"):
        depth_summary(path, list(models), ROIS, SUBJECTS, joined=False)
    with pytest.raises(RepalignError, match="not wanted"):
        depth_summary(path, list(models)[:1], ROIS, SUBJECTS, joined=True)


def test_significant_regions_are_those_up_to_the_level(tmp_path):
    path = tmp_path / "p.parquet"
    q = [0.05, 0.051, float("nan"), 0.001]
    columns = {
        "roi": [4, 3, 2, 1], "name": ["a"] * 4, "comparison": ["vision"] * 4,
        "pvalue_fdr_bh": q, "apa_star": [""] * 4, "mne_name": [""] * 4,
    } | dict.fromkeys(("observed", "null_mean", "null_std", "pvalue"), q)  # fmt: skip
    arrays = [pa.array(columns[f.name], pa.string() if "dict" in str(f.type) else f.type,
                       from_pandas=False).cast(f.type) for f in RSA_PVALUES]  # fmt: skip
    write_table(path, pa.Table.from_arrays(arrays, schema=RSA_PVALUES), {})
    assert significant_regions(path, "vision") == [1, 4]
    assert significant_regions(path, "vision", 0.01) == [1]
    with pytest.raises(RepalignError, match="no comparison 'language'"):
        significant_regions(path, "language")
