"""Mouse scans: read from zip or folder without a trace, as NumPy reads their files."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import pytest

from repalign.datasets.mouse_cells import same_cells
from repalign.datasets.mouse_files import open_scan, parse_npy
from repalign.datasets.mouse_scan import BEHAVIOUR, read_image
from repalign.errors import RepalignError
from repalign.tables.scan_names import digest_of, parse_key, parse_scan_name, stimulus_id

from .mouse_content import (
    COLOR,
    COMPETITION,
    FOLDER,
    ROOT_OF_ZIP,
    THIRD,
    TINY,
    ZIP,
    index,
    npy,
    read,
    spoil,
)


def state(folder: Path) -> dict[str, tuple[str, int]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        str(p): (hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_mtime_ns) for p in files
    }


@pytest.mark.parametrize("name", [ZIP, FOLDER, COLOR, COMPETITION])
def test_all_layouts_are_read_and_nothing_is_written(raw, name):
    before = state(raw)
    scan = read(raw / name)
    assert state(raw) == before
    n_channels = 2 if name == COLOR else 1
    assert scan.image_shape == (n_channels, *TINY.image_shape)
    assert scan.meta.prefix == ("colorframeprojector_" if name == COLOR else "frame_")
    assert scan.responses.shape == (len(scan.trials), len(scan.meta.neurons))
    assert scan.trials["repetition"].max() == TINY.n_repeats - 1
    counts = scan.trials["tier"].value_counts()
    assert counts["train"] == TINY.n_train
    assert counts["test"] < TINY.n_test * TINY.n_repeats, "ragged"


def test_zip_and_folder_of_one_scan_give_the_same(raw, tmp_path):
    with zipfile.ZipFile(raw / ZIP) as archive:
        archive.extractall(tmp_path)
    zipped, unpacked = read(raw / ZIP), read(tmp_path / ROOT_OF_ZIP)
    assert zipped.trials.equals(unpacked.trials)
    np.testing.assert_array_equal(zipped.responses, unpacked.responses)


def test_a_zip_file_without_a_folder_of_its_own(raw, tmp_path):
    with zipfile.ZipFile(raw / ZIP) as old, zipfile.ZipFile(tmp_path / ZIP, "w") as new:
        for name in old.namelist():
            new.writestr(name.removeprefix(f"{ROOT_OF_ZIP}/"), old.read(name))
    assert read(tmp_path / ZIP).trials.equals(read(raw / ZIP).trials)


def test_arrays_belong_to_their_files(raw):
    scan = read(raw / FOLDER)
    folder = raw / FOLDER
    for k in (0, 7, len(scan.trials) - 1):
        row = scan.trials.iloc[k]
        np.testing.assert_array_equal(
            scan.responses[k], np.load(folder / f"data/responses/{k}.npy")
        )
        np.testing.assert_array_equal(row[list(BEHAVIOUR)].astype(float),
                                      np.load(folder / f"data/behavior/{k}.npy"))  # fmt: skip
        pupil = np.load(folder / f"data/pupil_center/{k}.npy")
        assert [row["pupil_x"], row["pupil_y"]] == pupil.tolist()
        assert row["image_id"] == np.load(folder / "meta/trials/frame_image_id.npy")[k]
        assert row["stimulus_id"] == f"imagenet_{row['image_id']:06d}"
        image = np.load(folder / f"data/images/{k}.npy").astype(np.float32)
        assert row["pixels"] == digest_of(image)


def test_repetitions_follow_the_order_of_presentation(raw):
    trials = read(raw / ZIP).trials
    idx = trials["trial_idx"].astype(int)
    assert idx.max() > len(trials), "gaps"
    assert trials.sort_values("order")["trial_idx"].astype(int).is_monotonic_increasing
    assert sorted(trials["order"]) == list(range(len(trials)))
    for _, group in trials.groupby("stimulus_id"):
        ordered = group.sort_values("order")
        assert ordered["repetition"].tolist() == list(range(len(group)))


def test_times_are_cut_out_of_their_printed_form(raw):
    shown = read(raw / ZIP).trials["shown_at"]
    assert shown.str.fullmatch(r"2020-03-05 14:\d\d:\d\d\.\d{6}").all()


def test_a_cell_recorded_twice_is_hinted_at(raw, tmp_path):
    neurons = index(raw / ZIP, tmp_path / "index").neurons
    twins = neurons[neurons["same_cell"] >= 0]
    assert twins.index.tolist() == [4, 8]
    assert twins["same_cell"].tolist() == neurons["unit_id"][[8, 4]].tolist()
    assert (twins["same_cell_correlation"] > 0.9).all()


def test_same_cells_by_hand():
    places = np.array([[0, 0, 0], [5, 0, 0], [9, 0, 0], [500, 0, 0], [np.nan, 0, 0]])
    base = np.arange(6.0)
    other = np.array([1, 0, 1, 0, 1, 0.0])
    responses = np.column_stack([base, base * 2 + 1, other, base, base])
    partner, value = same_cells(places, responses, 10, 0.5)
    assert partner.tolist() == [1, 0, -1, -1, -1]
    np.testing.assert_allclose(value[:2], 1)
    assert np.isnan(value[2:]).all()
    silent, _ = same_cells(places, np.ones((6, 5)), 10, -1)
    assert (silent == -1).all()


def test_names():
    name = parse_scan_name("static21067-10-18-GrayImageNet-94c6ff995dac583098847cfecd43e7b6.zip")
    assert name == (21067, 10, 18, "Gray", "94c6ff995dac583098847cfecd43e7b6")
    assert name.key == "21067-10-18"
    assert parse_scan_name("static1-2-3-ColorImageNet").stimulus_set == ""
    for other in ("static1-2-GrayImageNet-a", "static1-2-3", "21067-10-18-GrayImageNet-a.zip"):
        assert parse_scan_name(other) is None
    assert parse_key("5-6-7")[:3] == (5, 6, 7)
    with pytest.raises(ValueError, match="no data key"):
        parse_key("5-6")
    assert stimulus_id("imagenet", 7) == "imagenet_000007"
    assert stimulus_id("3", 7) == "class3_000007"


def test_arrays_are_parsed_as_numpy_saves_them():
    for array in (np.arange(6).reshape(2, 3), np.asfortranarray(np.ones((2, 3))), np.array("a")):
        parsed = parse_npy(npy(array), "x")
        np.testing.assert_array_equal(parsed, array)
        assert parsed.dtype == array.dtype
    with pytest.raises(RepalignError, match="bytes of values"):
        parse_npy(npy(np.ones(3)).replace(b"(3,)", b"(9,)"), "x")
    with pytest.raises(RepalignError, match="values of type"):
        parse_npy(npy(np.zeros(3, "f4,i4")), "x")


def test_images_of_integers_are_read(raw, tmp_path):
    path = spoil(
        raw / FOLDER,
        tmp_path / FOLDER,
        lambda a: a.update(
            {"data/images/0.npy": np.load(raw / FOLDER / "data/images/0.npy").astype(np.uint8)}
        ),
    )
    with open_scan(path) as files:
        image = read_image(files, 0)
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image, np.load(raw / FOLDER / "data/images/0.npy"))


def test_the_third_scan_shares_its_stimuli(raw):
    sets = [read(raw / name).trials.drop_duplicates("stimulus_id") for name in (ZIP, THIRD, COLOR)]
    pixels = [dict(zip(s["stimulus_id"], s["pixels"], strict=True)) for s in sets]
    assert pixels[0] == pixels[1]
    common = set(pixels[0]) & set(pixels[2])
    assert common, "names of the other set"
    assert all(pixels[0][name] != pixels[2][name] for name in common)
