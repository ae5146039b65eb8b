"""What is made of mouse scans, against loops over their files and the planted truth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from repalign.datasets.mouse_assemblies import write_assemblies
from repalign.datasets.mouse_ceilings import ceilings_table, repeated_tests
from repalign.datasets.mouse_export import choose, export_scan
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
from repalign.datasets.mouse_regions import file_name, neurons_of
from repalign.datasets.mouse_scan import read_data
from repalign.datasets.mouse_statistics import (
    MOMENTS,
    RULE,
    compare_statistics,
    standardised,
    statistics_of,
    write_statistics,
)
from repalign.errors import RepalignError
from repalign.simulate.mouse import simulate_mouse
from repalign.simulate.mouse_settings import MouseSimulation
from repalign.tables.assemblies import check_pair, read_assembly
from repalign.tables.schemas import STIMULI, TRIALS

from .mouse_content import COLOR, COMPETITION, FOLDER, THIRD, TINY, ZIP, index, spoil

GREY = [ZIP, FOLDER, THIRD]


@pytest.fixture(scope="module")
def raw(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("mouse") / "raw"
    simulate_mouse(folder, TINY)
    return folder


@pytest.fixture(scope="module")
def scans(raw, tmp_path_factory):
    root = tmp_path_factory.mktemp("indexes")
    return {name: index(raw / name, root / name) for name in (*GREY, COMPETITION, COLOR)}


# ------------------------------------------------------------------ index


def test_the_index_holds_all_of_a_scan(raw, scans):
    scan = scans[FOLDER]
    folder = raw / FOLDER
    assert scan.facts["tiers"]["train"] == TINY.n_train
    assert scan.facts["stimulus_set"] == "94c6ff995dac"
    assert scan.facts["n_neurons"] == len(scan.neurons) == scan.responses.shape[1]
    for k in (0, 5):
        np.testing.assert_array_equal(
            scan.responses[k], np.load(folder / f"data/responses/{k}.npy")
        )
    units = np.load(folder / "meta/neurons/unit_ids.npy").tolist()
    assert scan.neurons["unit_id"].tolist() == units
    assert scan.neurons["neuroid_id"][0] == f"22846-10-16_{units[0]}"
    assert set(scan.trials["subject"]) == {22846}


def test_tiers_list_files_and_stimuli(raw, scans):
    scan = scans[COMPETITION]
    tiers = np.load(scan.folder / "responses.npy").shape[0]
    listed = {path.stem: pd.read_csv(path) for path in (scan.folder / "tiers").glob("*.csv")}
    assert sorted(listed) == ["final_test", "test", "train", "validation"]
    assert sum(map(len, listed.values())) == tiers
    own = scan.trials.set_index("file")
    for tier, rows in listed.items():
        assert (own["tier"].loc[rows["file"]] == tier).all()
        assert own["stimulus_id"].loc[rows["file"]].tolist() == rows["stimulus_id"].tolist()
    assert scan.facts["order_of_trials"].startswith("file number")


# ------------------------------------------------------------------ statistics


def data_of(path: Path, scan):
    with open_scan(path) as files:
        return read_data(files, scan.trials, scan.responses)


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


# ------------------------------------------------------------------ ceilings


def test_planted_ceilings_are_recovered(tmp_path):
    simulate_mouse(tmp_path / "raw", MouseSimulation(n_mice=2, n_test=120, n_repeats=12,
                                                     n_train=4, image_shape=(8, 8)))  # fmt: skip
    scan = index(tmp_path / "raw" / ZIP, tmp_path / "index")
    table = ceilings_table(scan, 20, 0).to_pandas()
    truth = pd.read_csv(tmp_path / "raw/truth/neurons.csv").query("data_key == @scan.key")
    fev = truth["fev"].to_numpy()
    assert (table["silent"].to_numpy() == np.isnan(fev)).all()
    alive = ~np.isnan(fev)
    error = table["fev"].to_numpy()[alive] - fev[alive]
    assert np.abs(error).max() < 0.12
    assert abs(error.mean()) < 0.01
    assert np.corrcoef(table["fev"][alive], fev[alive])[0, 1] > 0.97
    noise = (1 - fev) / fev
    ceiling = 100 / (1 + noise / 11.7)
    np.testing.assert_allclose(table["nc_testset"][alive], ceiling[alive], atol=6)
    np.testing.assert_allclose(table["split_half"][alive], ceiling[alive] / 100, atol=0.08)
    assert (table["oracle_conservative"] > table["oracle_jackknife"])[alive].all()


def test_ceilings_of_a_scan(scans):
    scan = scans[ZIP]
    table = ceilings_table(scan, 5, 0).to_pandas()
    assert table["unit_id"].tolist() == scan.neurons["unit_id"].tolist()
    assert table["silent"].to_numpy().nonzero()[0].tolist() == [1, 6]
    rows, images = repeated_tests(scan)
    tests = scan.trials.loc[rows]
    assert (tests["tier"] == "test").all()
    assert len(set(images)) == tests["stimulus_id"].nunique() == table["n_images"][0]
    counts = tests["stimulus_id"].value_counts()
    assert (table["repeats_min"][0], table["repeats_max"][0]) == (counts.min(), counts.max())
    assert counts.min() < counts.max()
    np.testing.assert_allclose(
        table["mean_response"], scan.responses[rows].mean(axis=0), rtol=1e-5
    )


def test_withheld_tests_have_no_ceilings(scans):
    table = ceilings_table(scans[COMPETITION], 5, 0).to_pandas()
    assert table[["fev", "oracle_jackknife", "split_half", "nc_testset"]].isna().all(axis=None)
    assert (table["n_images"] == 0).all()
    assert table["silent"].sum() == 2, "seen in the training trials"


# ------------------------------------------------------------------ assemblies


@pytest.fixture(scope="module")
def assemblies(scans, tmp_path_factory):
    folder = tmp_path_factory.mktemp("assemblies") / "made"
    scan = scans[COLOR]
    ceilings = ceilings_table(scan, 5, 0).to_pandas()
    regions = ["V1", "V1 L2/3", "LM", "AL"]
    without = write_assemblies(folder, scan, ceilings, training_std(scan), regions, {})
    return folder, without


def test_assemblies_hold_the_responses(scans, assemblies):
    folder, without = assemblies
    scan = scans[COLOR]
    assert without == [
        f"AL, {tier}, {scale}: no neurons"
        for tier in ("train", "test")
        for scale in ("raw", "standardised")
    ]
    test = read_assembly(folder / "V1_L2-3_test_raw.nc")
    train = read_assembly(folder / "V1_L2-3_train_raw.nc")
    check_pair(train, test, folder)
    rows = neurons_of(scan.neurons, "V1 L2/3")
    assert test["neuroid_id"].to_numpy().tolist() == scan.neurons["neuroid_id"][rows].tolist()
    table = pd.read_parquet(folder / "test_trials.parquet")
    assert table["stimulus_id"].tolist() == test["stimulus_id"].to_numpy().tolist()
    assert table["repetition"].tolist() == test["repetition"].to_numpy().tolist()
    np.testing.assert_array_equal(test.values, scan.responses[table["file"]][:, rows])
    scaled = read_assembly(folder / "V1_L2-3_test_standardised.nc")
    expected = standardised(np.asarray(scan.responses), training_std(scan))
    np.testing.assert_array_equal(scaled.values, expected[table["file"]][:, rows])
    assert scaled.attrs["scale"] == "standardised"
    assert set(test["subject"].values) == {"25311"}
    ceilings = ceilings_table(scan, 5, 0).to_pandas()["nc_testset"][rows]
    np.testing.assert_array_equal(test["has_ceiling"].values, ceilings.notna())
    np.testing.assert_allclose(test["nc_testset"].values, ceilings.fillna(0))


def test_nothing_that_varies_within_an_image_is_in_an_assembly(assemblies):
    folder, _ = assemblies
    names = {str(n) for n in read_assembly(folder / "V1_test_raw.nc").coords}
    assert not names & {"trial_idx", "order", "pupil_radius", "speed", "shown_at", "file"}


def test_a_withheld_tier_has_no_assembly(scans, tmp_path):
    scan = scans[COMPETITION]
    ceilings = ceilings_table(scan, 5, 0).to_pandas()
    without = write_assemblies(tmp_path / "x", scan, ceilings, training_std(scan), ["V1"], {})
    assert without == ["test: no responses"]
    assert not list((tmp_path / "x").glob("*test*"))
    with pytest.raises(RepalignError, match="ceilings of other neurons"):
        write_assemblies(tmp_path / "y", scan, ceilings[1:], training_std(scan), ["V1"], {})


def test_regions():
    neurons = pd.DataFrame({"area": ["V1", "V1", "LM"], "layer": ["L2/3", "L4", "L4"]})
    assert neurons_of(neurons, "V1").tolist() == [0, 1]
    assert neurons_of(neurons, "V1 L4").tolist() == [1]
    assert neurons_of(neurons, "AL").tolist() == []
    assert file_name("V1 L2/3") == "V1_L2-3"


# ------------------------------------------------------------------ exported parts


def test_an_exported_part_is_a_scan(raw, scans, tmp_path):
    scan = scans[COLOR]
    trials, neurons = choose(scan, ["train", "test"], ["LM", "V1 L4"])
    name = COLOR.removesuffix(".zip")
    with open_scan(raw / COLOR) as files:
        export_scan(files, scan, trials, neurons, tmp_path / "part", name)
        whole = {f: files.array(f) for f in ("meta/trials/colorframeprojector_image_id.npy",)}
    place = tmp_path / "part" / name
    part = index(place, tmp_path / "index")
    assert json.loads((place / "config.json").read_text()) == {"links": {}}
    source = np.load(place / "meta/trials/source_file.npy")
    np.testing.assert_array_equal(source, trials)
    np.testing.assert_array_equal(part.responses, scan.responses[trials][:, neurons])
    assert part.neurons["unit_id"].tolist() == scan.neurons["unit_id"][neurons].tolist()
    own = scan.trials.set_index("file").loc[trials]
    for column in ("tier", "stimulus_id", "pixels", "repetition", "speed", "pupil_x"):
        assert part.trials[column].tolist() == own[column].tolist()
    for file, values in whole.items():
        copied = np.load(place / file)
        assert copied.dtype == values.dtype
        np.testing.assert_array_equal(copied, values[trials])
    train = (part.trials["tier"] == "train").to_numpy()
    with open_scan(place) as files:
        rows = compare_statistics(files, data_of(place, part), train)
    assert {row.rules[0] for row in rows} == {RULE}


def test_parts_that_no_reader_could_use_are_refused(scans):
    with pytest.raises(RepalignError, match="0 training trials"):
        choose(scans[ZIP], ["test"], [])
    with pytest.raises(RepalignError, match="no neuron"):
        choose(scans[ZIP], [], ["LM"])


# ------------------------------------------------------------------ prepared dataset


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


# ------------------------------------------------------------------ what models see


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
