"""The prepared dataset of mice, and what models see of their pictures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from repalign.datasets.mouse_files import open_scan
from repalign.datasets.mouse_images import ScanPictures, to_rgb
from repalign.datasets.mouse_prepared import (
    check_trials,
    mouse_stimuli,
    mouse_trials,
    responding,
    training_std,
    write_responses,
)
from repalign.datasets.mouse_regions import neurons_of
from repalign.datasets.mouse_statistics import (
    standardised,
)
from repalign.errors import RepalignError
from repalign.tables.schemas import STIMULI, TRIALS

from .mouse_content import COLOR, COMPETITION, FOLDER, GREY, THIRD, TINY, ZIP, index, spoil


@pytest.fixture(scope="module")
def prepared(scans):
    subjects = {k: scans[name] for k, name in enumerate(GREY, start=1)}
    stimuli = mouse_stimuli(list(subjects.values()))
    return subjects, stimuli, mouse_trials(subjects)


def test_prepared_tables(prepared):
    subjects, stimuli, trials = prepared
    STIMULI["mouse"].validate(stimuli)
    TRIALS.validate(trials)
    assert stimuli["image_id"].is_monotonic_increasing
    names = stimuli.set_index("stimulus")
    for subject, scan in subjects.items():
        own, theirs = trials[trials["subject"] == subject], responding(scan)
        assert own["repetition"].tolist() == theirs["repetition"].tolist()
        for column in ("stimulus_id", "pixels"):
            assert names[column].loc[own["stimulus"]].tolist() == theirs[column].tolist()
        check_trials(scan, own, "trials.parquet")
    key, file = stimuli["file"][3].split("/")
    first = next(scan for scan in subjects.values() if scan.key == key)
    assert first.trials["pixels"][int(file)] == stimuli["pixels"][3]
    assert trials["shared"].all(), "all mice see one set"


def test_images_of_one_number_and_other_pixels_are_refused(scans):
    with pytest.raises(RepalignError, match=r"different pixels of image \d+ in 21067-10-18/\d+"):
        mouse_stimuli([scans[ZIP], scans[COLOR]])


def test_numbers_do_not_depend_on_which_scans_take_part(scans):
    few, more = mouse_stimuli([scans[ZIP]]), mouse_stimuli([scans[THIRD], scans[FOLDER]])
    own = dict(zip(few["stimulus"], few["pixels"], strict=True))
    assert own == dict(zip(more["stimulus"], more["pixels"], strict=True))
    assert set(own) == set(scans[ZIP].trials["image_id"])


def test_implausible_numbers_are_refused(raw, tmp_path):
    def change(arrays):
        arrays["meta/trials/frame_image_id.npy"] = (
            arrays["meta/trials/frame_image_id.npy"] + 70_000
        )

    scan = index(spoil(raw / FOLDER, tmp_path / FOLDER, change), tmp_path / "index")
    with pytest.raises(RepalignError, match="below 65536"):
        mouse_stimuli([scan])


def test_a_withheld_scan_is_no_subject(scans):
    with pytest.raises(RepalignError, match=r"scan 26872-17-20[\s\S]*mouse.withheld"):
        mouse_trials({1: scans[COMPETITION]})


def test_an_image_in_two_tiers_belongs_to_none(scans):
    competition = scans[COMPETITION].trials
    moved = set(competition.query("tier == 'final_test'")["stimulus_id"])
    stimuli = mouse_stimuli([scans[ZIP], scans[COMPETITION]])
    assert moved
    assert set(stimuli.query("subset == ''")["stimulus_id"]) == moved


@pytest.mark.parametrize("scale", ["raw", "standardised"])
def test_prepared_responses(scans, tmp_path, scale):
    scan = scans[COLOR]
    keep = np.ones(len(scan.neurons), bool)
    keep[0] = False
    write_responses(tmp_path / "r", scan, {1: "V1", 2: "LM", 3: "AL"}, scale=scale, keep=keep)
    rows = np.setdiff1d(neurons_of(scan.neurons, "V1"), [0])
    files = responding(scan)["file"].to_numpy()
    expected = np.asarray(scan.responses)[files]
    if scale == "standardised":
        expected = standardised(expected, training_std(scan))
    found = np.load(tmp_path / "r/roi-001.npy")
    np.testing.assert_array_equal(found, expected[:, rows])
    assert np.load(tmp_path / "r/roi-003.npy").shape == (len(files), 0)
    quality = pd.read_csv(tmp_path / "r/regions.tsv", sep="\t")
    assert quality["status"].tolist() == ["ok", "ok", "empty"]


def test_trials_of_another_scan_are_refused(scans, prepared):
    _, _, trials = prepared
    with pytest.raises(RepalignError, match=f"of scan {scans[COLOR].key}"):
        check_trials(scans[COLOR], trials[trials["subject"] == 1].iloc[1:], "trials.parquet")


def test_three_channels_by_rule():
    grey = np.array([[[0, 100.4, 255]]], np.float32)
    for rule in ("uv_green_zero", "luminance"):
        np.testing.assert_array_equal(to_rgb(grey, rule), [[[0] * 3, [100] * 3, [255] * 3]])
    two = np.array([[[10, 200]], [[20, 101]]], np.float32)
    np.testing.assert_array_equal(to_rgb(two, "uv_green_zero"), [[[10, 20, 0], [200, 101, 0]]])
    np.testing.assert_array_equal(to_rgb(two, "luminance"), [[[15] * 3, [150] * 3]])
    three = np.arange(6, dtype=np.float32).reshape(3, 1, 2)
    np.testing.assert_array_equal(to_rgb(three, "luminance"), [[[0, 2, 4], [1, 3, 5]]])
    assert to_rgb(two, "luminance").dtype == np.uint8
    with pytest.raises(ValueError, match="1 to 3 channels"):
        to_rgb(np.zeros((4, 2, 2), np.float32), "luminance")
    with pytest.raises(ValueError, match="0 to 255"):
        to_rgb(two * 2, "luminance")


def test_pictures_come_from_the_scans(raw, scans):
    scan = scans[COLOR]
    rows = scan.trials.drop_duplicates("pixels").head(3)
    files = [f"{scan.key}/{k}" for k in rows["file"]]
    places = {scan.key: raw / COLOR}
    pictures = ScanPictures(places, files, rows["pixels"].tolist(), [5, 6, 7], "uv_green_zero")
    with open_scan(raw / COLOR) as opened:
        image = opened.array(f"data/images/{rows['file'].iloc[1]}.npy")
    assert pictures.ids.tolist() == [5, 6, 7]
    assert len(pictures) == 3
    shown = np.asarray(pictures.picture(1))
    assert shown.shape == (*TINY.image_shape, 3)
    np.testing.assert_array_equal(shown[..., 0], image[0])
    np.testing.assert_array_equal(shown[..., 2], 0)
    assert pictures.encoded(1)[:4] == b"\x89PNG"
    assert pictures.content(1) == image.astype(np.float32).tobytes()
    pictures.close()
    digests = ["0" * 32] * 3
    with pytest.raises(RepalignError, match="other pixels than when it was indexed"):
        ScanPictures(places, files, digests, [5, 6, 7], "luminance").picture(0)
    with pytest.raises(RepalignError, match="no scan 1-2-3"):
        ScanPictures(places, ["1-2-3/0"], ["x"], [0], "luminance")
