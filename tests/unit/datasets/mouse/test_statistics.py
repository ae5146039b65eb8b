"""Statistics of mouse scans, against NumPy and against those that are shipped."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from repalign.datasets.mouse_files import open_scan
from repalign.datasets.mouse_statistics import (
    MOMENTS,
    RULE,
    compare_statistics,
    standardised,
    statistics_of,
    write_statistics,
)

from .mouse_content import COLOR, FOLDER, ZIP, data_of, spoil


@pytest.mark.parametrize(
    ("name", "responses"),
    [(ZIP, "train, ddof 1"), (FOLDER, "all trials, ddof 0"), (COLOR, "train, ddof 1")],
)
def test_the_rule_of_shipped_statistics_is_found(raw, scans, name, responses):
    scan = scans[name]
    train = (scan.trials["tier"] == "train").to_numpy()
    with open_scan(raw / name) as files:
        rows = compare_statistics(files, data_of(raw / name, scan), train)
    assert {row.rules[0] for row in rows if row.data == "responses"} == {responses}
    assert all(responses in row.rules or row.data == "images" for row in rows)
    folders = {row.folder for row in rows}
    assert folders == {
        "all",
        "stimulus_ColorFrameProjector" if name == COLOR else "stimulus_Frame",
    }
    if responses == RULE:
        assert max(row.difference for row in rows) < 2e-5


def test_averaged_images_wrong_shapes_and_missing_files_are_told(raw, scans, tmp_path):
    scan, base = scans[FOLDER], "meta/statistics/images/all/"
    train = (scan.trials["tier"] == "train").to_numpy()
    images = data_of(raw / FOLDER, scan)["images"][train].astype(float)
    proper = statistics_of(images, "images")

    def change(arrays):
        for moment in MOMENTS:
            arrays[f"{base}{moment}.npy"] = proper[moment].astype(np.float32)
        arrays[f"{base}mean.npy"] = np.float32(images.mean(axis=(1, 2, 3)).mean())
        arrays[f"{base}std.npy"] = np.float32(images.std(axis=(1, 2, 3), ddof=1).mean())
        arrays["meta/statistics/responses/all/mean.npy"] = np.ones((1, 15), np.float32)
        del arrays["meta/statistics/behavior/all/median.npy"]
        arrays["meta/statistics/behavior/stimulus.Frame/mean.npy"] = np.ones(3, np.float32)

    path = spoil(raw / FOLDER, tmp_path / FOLDER, change)
    with open_scan(path) as files:
        rows = compare_statistics(files, data_of(path, scan), train)
    found = {(row.data, row.folder, row.moment): row for row in rows}
    assert found["images", "all", "std"].rules == ("train, mean of images",)
    assert found["responses", "all", "mean"].note == "shape (1, 15), expected (15,)"
    assert found["behavior", "all", "median"].note == "no file"
    assert found["behavior", "stimulus.Frame", "mean"].note == "a dot in the folder's name"
    assert not found["responses", "all", "mean"].rules
    assert not found["behavior", "all", "std"].rules


@pytest.mark.parametrize("ddof", [0, 1])
def test_statistics_against_numpy(ddof):
    rng = np.random.default_rng(0)
    images = rng.gamma(1, 50, (7, 2, 4, 5)).astype(np.float32)
    rows = rng.gamma(1, 50, (8, 3)).astype(np.float32)
    for values, name, axis in ((images, "images", None), (rows, "responses", 0)):
        found = statistics_of(values, name, ddof)
        wide = values.astype(np.float64)
        expected = {
            "mean": wide.mean(axis=axis), "std": wide.std(axis=axis, ddof=ddof),
            "min": wide.min(axis=axis), "max": wide.max(axis=axis),
            "median": np.median(wide, axis=axis),
        }  # fmt: skip
        for moment in MOMENTS:
            assert found[moment].shape == np.shape(expected[moment])
            np.testing.assert_allclose(found[moment], expected[moment], rtol=1e-6)
    with pytest.raises(ValueError, match="1 values"):
        statistics_of(rows[:1], "responses")


def test_recomputed_statistics_are_written_in_the_layout(raw, scans, tmp_path):
    scan = scans[ZIP]
    train = (scan.trials["tier"] == "train").to_numpy()
    with open_scan(raw / ZIP) as files:
        write_statistics(tmp_path / "out", files, data_of(raw / ZIP, scan), train)
        for kind in ("images", "responses", "behavior", "pupil_center"):
            for moment in MOMENTS:
                name = f"statistics/{kind}/stimulus_Frame/{moment}.npy"
                mine = np.load(tmp_path / "out" / name)
                assert mine.dtype == np.float32
                np.testing.assert_allclose(mine, files.array(f"meta/{name}"), rtol=1e-5)
    report = pd.read_csv(tmp_path / "out/statistics_report.csv", keep_default_na=False)
    assert len(report) == 4 * 2 * 5
    assert report["rule"].str.startswith(RULE).all()


def test_small_deviations_are_floored():
    std = np.array([1.0, 3.0, 0.0, 1e-9])
    scaled = standardised(np.ones((2, 4)), std)
    np.testing.assert_allclose(scaled[0], [1, 1 / 3, 100, 100], rtol=1e-6)
    np.testing.assert_array_equal(standardised(np.ones((2, 2)), np.zeros(2)), 1)
