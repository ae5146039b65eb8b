"""Mouse scans: read from zip or folder without a trace, and every silent fault told or refused."""

from __future__ import annotations

import hashlib
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest

from repalign.datasets.mouse_cells import same_cells
from repalign.datasets.mouse_files import open_scan, parse_npy
from repalign.datasets.mouse_scan import BEHAVIOUR, read_image
from repalign.errors import RepalignError
from repalign.simulate.mouse import simulate_mouse
from repalign.tables.scan_names import digest_of, parse_key, parse_scan_name, stimulus_id

from .mouse_content import (
    COLOR,
    COMPETITION,
    FOLDER,
    THIRD,
    TINY,
    ZIP,
    codes,
    index,
    npy,
    read,
    rezipped,
    spoil,
)

META, TRIALS, NEURONS = "meta/", "meta/trials/", "meta/neurons/"
ROOT_OF_ZIP = ZIP.removesuffix(".zip")


@pytest.fixture(scope="module")
def raw(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("mouse") / "raw"
    simulate_mouse(folder, TINY)
    return folder


def state(folder: Path) -> dict[str, tuple[str, int]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        str(p): (hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_mtime_ns) for p in files
    }


# ------------------------------------------------------------------ what is read


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


# ------------------------------------------------------------------ what is reported


def test_findings_of_the_simulated_scans(raw):
    assert codes(read(raw / ZIP)) == {"stray_file", "silent_neuron"}
    assert codes(read(raw / FOLDER)) == {"stray_file", "silent_neuron"}
    competition = read(raw / COMPETITION)
    assert codes(competition) == {
        "stray_file", "silent_neuron", "withheld", "hashed_order", "flat_behaviour",
    }  # fmt: skip
    assert competition.withheld == ["test", "final_test"]


def other(name, values):
    def change(arrays):
        arrays[name] = values(arrays.get(name))

    return change


def first(value):
    """Replace the first entry."""

    def values(array):
        changed = array.copy()
        changed[0] = value
        return changed

    return values


def loud(arrays):
    arrays["data/responses/3.npy"] = np.full(15, -1, np.float32)


def bright(arrays):
    arrays["data/images/0.npy"] = np.full((1, *TINY.image_shape), 0, np.float32)
    arrays["data/images/0.npy"][0, 0, 0] = 300


def quiet(arrays):
    arrays["data/responses/0.npy"] = np.zeros(15, np.float32)


FINDINGS = {
    "negative_response": (loud, "data/responses", "3"),
    "silent_trial": (quiet, "data/responses", "0"),
    "no_positions": (
        lambda a: a.pop(f"{NEURONS}cell_motor_coordinates.npy"),
        f"{NEURONS}cell_motor_coordinates.npy",
        "",
    ),
    "no_key_array": (lambda a: a.pop(f"{NEURONS}sessions.npy"), f"{NEURONS}sessions.npy", ""),
}


@pytest.mark.parametrize("code", sorted(FINDINGS))
def test_what_is_odd_is_reported_with_file_and_row(raw, tmp_path, code):
    change, file, row = FINDINGS[code]
    scan = read(spoil(raw / FOLDER, tmp_path / FOLDER, change))
    (found,) = [f for f in scan.meta.findings if f.code == code]
    assert (found.file, found.row) == (file, row)


def trials_of(folder: Path, tier: str) -> list[int]:
    tiers = np.load(folder / "meta/trials/tiers.npy")
    return np.flatnonzero(tiers == tier).tolist()


def test_more_findings(raw, tmp_path):
    source = raw / FOLDER
    first_train, second_train, *_ = trials_of(source, "train")

    def change(arrays):
        images = arrays[f"{TRIALS}frame_image_id.npy"].copy()
        images[second_train] = images[first_train]
        arrays[f"{TRIALS}frame_image_id.npy"] = images
        same = np.load(source / f"data/images/{first_train}.npy")
        same[0, 0, 0] = 256
        for k in (first_train, second_train):
            arrays[f"data/images/{k}.npy"] = same
        validation = trials_of(source, "validation")
        for k in validation:
            arrays[f"data/images/{k}.npy"] = np.zeros_like(same)
        for k in range(len(images)):
            arrays[f"data/behavior/{k}.npy"] = np.array([[1.0, k, k]])

    scan = read(spoil(source, tmp_path / FOLDER, change))
    found = {f.code: f for f in scan.meta.findings}
    assert {"repeated_train", "same_pixels", "pixel_range", "flat_behaviour"} <= set(found)
    assert found["flat_behaviour"].row == "column 0 (pupil_radius)"
    assert str(first_train) in found["pixel_range"].row


def test_another_folder_in_the_zip_file_is_reported(raw, tmp_path):
    name = "static21067-10-18-GrayImageNet-other.zip"
    (tmp_path / name).write_bytes((raw / ZIP).read_bytes())
    assert "top_folder" in codes(read(tmp_path / name))


def test_a_name_that_says_no_key_is_reported_and_arrays_give_it(raw, tmp_path):
    scan = read(spoil(raw / FOLDER, tmp_path / "ours", lambda a: None))
    assert "scan_name" in codes(scan)
    assert scan.meta.name.key == "22846-10-16"


# ------------------------------------------------------------------ what is refused


BAD = {
    "text as objects": (
        other(f"{TRIALS}tiers.npy", lambda a: a.astype(object)),
        r"tiers.npy[\s\S]*values of type object[\s\S]*never loaded",
    ),
    "an unknown tier": (
        other(f"{TRIALS}tiers.npy", first("oracle")), r"tiers.npy[\s\S]*'oracle' in row 0",
    ),
    "too few tiers": (other(f"{TRIALS}tiers.npy", lambda a: a[1:]), r"tiers.npy[\s\S]*n_trials ="),
    "a unit twice": (
        lambda a: a.update({f"{NEURONS}unit_ids.npy": np.full(15, 3, np.uint16)}),
        r"unit_ids.npy[\s\S]*unit 3 in rows 0, 1, 2, 3, 4 and 10 more",
    ),
    "areas of other neurons": (
        other(f"{NEURONS}area.npy", lambda a: a[:-1]), r"area.npy[\s\S]*n_neurons = 15",
    ),
    "no layer": (lambda a: a.pop(f"{NEURONS}layer.npy"), r"layer.npy[\s\S]*no such file"),
    "places that are not finite": (
        other(f"{NEURONS}cell_motor_coordinates.npy", lambda a: np.where(a == a[2, 0], np.nan, a)),
        r"coordinates.npy[\s\S]*row 2",
    ),
    "another key than the name": (
        other(f"{NEURONS}sessions.npy", lambda a: a + 1), r"keys 22846-10-16 [\s\S]*22846-11-16",
    ),
    "two animals": (other(f"{NEURONS}animal_ids.npy", first(1)), r"animal_ids.npy[\s\S]*2 values"),
    "no image ids": (
        lambda a: a.pop(f"{TRIALS}frame_image_id.npy"), r"no image_id, colorframeprojector_im",
    ),
    "image ids that are not whole": (
        other(f"{TRIALS}frame_image_id.npy", lambda a: a + 0.5), r"image_id.npy[\s\S]*float64",
    ),
    "an empty class": (
        other(f"{TRIALS}frame_image_class.npy", first("")), r"image_class.npy[\s\S]*row 0",
    ),
    "a trial number twice": (
        other(f"{TRIALS}trial_idx.npy", lambda a: np.where(a == a[1], a[0], a)),
        r"trial_idx.npy[\s\S]*in rows 0, 1",
    ),
    "half a hash": (
        other(f"{TRIALS}trial_idx.npy", lambda a: a.astype(str)), r"trial_idx.npy[\s\S]*md5 sums",
    ),
    "a time that is none": (
        other(f"{TRIALS}frame_trial_ts.npy", first("noon")), r"trial_ts.npy[\s\S]*'noon' in row 0",
    ),
    "a trial array named like data": (
        lambda a: a.update({f"{TRIALS}responses.npy": np.zeros(3)}), r"public reader takes it",
    ),
    "an image of other pixels": (
        lambda a: a.update({"data/images/0.npy": np.zeros((1, *TINY.image_shape))}),
        "different pixels of image imagenet",
    ),
    "an image in two tiers": (
        None, "different tiers of image imagenet",
    ),
    "an image of another size": (
        lambda a: a.update({"data/images/3.npy": np.zeros((1, 5, 5), np.float32)}),
        r"images/3.npy[\s\S]*shape \(1, 5, 5\)",
    ),
    "an image without channels": (
        lambda a: a.update({"data/images/3.npy": np.zeros((5, 5), np.float32)}),
        r"images/3.npy[\s\S]*\(channels, height, width\)",
    ),
    "pixels that are not finite": (
        lambda a: a.update({"data/images/3.npy": np.full((1, *TINY.image_shape), np.nan)}),
        r"images/3.npy[\s\S]*not finite",
    ),
    "a response that is not finite": (
        lambda a: a.update({"data/responses/5.npy": np.where(np.arange(15) == 4, np.inf, 1.0)}),
        r"responses/5.npy[\s\S]*inf in column 4",
    ),
    "too few neurons in a trial": (
        lambda a: a.update({"data/responses/5.npy": np.ones(14)}), r"responses/5.npy[\s\S]*15,",
    ),
    "behaviour of two values": (
        lambda a: a.update({"data/behavior/5.npy": np.ones(2)}), r"behavior/5.npy[\s\S]*\(3,\)",
    ),
    "complex numbers": (
        lambda a: a.update({"data/behavior/5.npy": np.ones(3, complex)}), "of type complex",
    ),
    "one file too many in a folder": (
        lambda a: a.update({"data/behavior/999.npy": np.ones(3)}), "files, without",
    ),
    "a file that is no trial": (
        lambda a: a.update({"data/images/last.npy": np.ones(3)}), r"last.npy[\s\S]*no trial",
    ),
    "a number with zeros before it": (
        lambda a: a.update({"data/images/007.npy": np.ones(3)}), r"007.npy[\s\S]*leading zeros",
    ),
    "a file of another kind": (
        lambda a: a.update({"data/images/0.png": b"x"}), r"0.png[\s\S]*belongs to no scan",
    ),
    "a cut file": (
        lambda a: a.update({"data/images/3.npy": npy(np.ones(9))[:-4]}),
        r"images/3.npy[\s\S]*68 bytes of values[\s\S]*72 bytes",
    ),
    "bytes behind the values": (
        lambda a: a.update({"data/images/3.npy": npy(np.ones(9)) + b"x"}), "73 bytes of values",
    ),
    "no array at all": (
        lambda a: a.update({"data/images/3.npy": b"hello"}), r"images/3.npy[\s\S]*no .npy file",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", sorted(BAD))
def test_bad_input_is_refused_with_file_and_row(raw, tmp_path, case):
    change, message = BAD[case]
    if change is None:
        test, train = trials_of(raw / FOLDER, "test")[0], trials_of(raw / FOLDER, "train")[0]

        def change(arrays):
            arrays[f"{TRIALS}frame_image_id.npy"] = first_of(arrays, train, test)
            image = np.load(raw / FOLDER / f"data/images/{test}.npy")
            arrays[f"data/images/{train}.npy"] = image

    path = spoil(raw / FOLDER, tmp_path / FOLDER, change)
    with pytest.raises(RepalignError, match=message) as caught:
        read(path)
    assert FOLDER in caught.value.where


def first_of(arrays, train, test):
    ids = arrays[f"{TRIALS}frame_image_id.npy"].copy()
    ids[train] = ids[test]
    return ids


def test_a_missing_trial_file_is_named(raw, tmp_path):
    path = spoil(raw / FOLDER, tmp_path / FOLDER, lambda a: None)
    (path / "data/behavior/4.npy").unlink()
    with pytest.raises(RepalignError, match=r"data/behavior[\s\S]*files, without 4"):
        read(path)


def test_another_key_than_asked_for_is_refused(raw):
    with pytest.raises(RepalignError, match=r"1-2-3 \(mouse.files\)"):
        read(raw / ZIP, "1-2-3")


def member(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


UNSAFE = {
    "a path upwards": ("../evil.npy", stat.S_IFREG, "leads elsewhere"),
    "a path upwards further down": (
        f"{ROOT_OF_ZIP}/data/../../evil.npy",
        stat.S_IFREG,
        "elsewhere",
    ),
    "an absolute path": ("/evil.npy", stat.S_IFREG, "leads elsewhere"),
    "a drive": ("C:/evil.npy", stat.S_IFREG, "leads elsewhere"),
    "a path of another system": ("..\\evil.npy", stat.S_IFREG, "leads elsewhere"),
    "a link": (f"{ROOT_OF_ZIP}/data/images/9999.npy", stat.S_IFLNK, "a link"),
    "another folder": ("more/data/images/9.npy", stat.S_IFREG, "no folder data"),
    "a program": (f"{ROOT_OF_ZIP}/data/setup.py", stat.S_IFREG, "belongs to no scan"),
}


@pytest.mark.parametrize("case", sorted(UNSAFE))
def test_unsafe_members_of_zip_files_are_refused(raw, tmp_path, case):
    name, kind, message = UNSAFE[case]
    with rezipped(raw / ZIP, tmp_path / ZIP) as archive:
        archive.writestr(member(name, kind | 0o644), npy(np.ones(3)))
    with pytest.raises(RepalignError, match=message):
        read(tmp_path / ZIP)
    assert [p.name for p in tmp_path.iterdir()] == [ZIP]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_twice_is_refused(raw, tmp_path):
    with rezipped(raw / ZIP, tmp_path / ZIP) as archive:
        archive.writestr(f"{ROOT_OF_ZIP}/data/images/0.npy", npy(np.ones(3)))
    with pytest.raises(RepalignError, match="there twice"):
        read(tmp_path / ZIP)


def test_an_encrypted_member_is_refused(raw, tmp_path):
    content = bytearray((raw / ZIP).read_bytes())
    # The flag of the first entry of the central directory.
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / ZIP).write_bytes(content)
    with pytest.raises(RepalignError, match="encrypted"):
        read(tmp_path / ZIP)


def test_a_member_that_grows_beyond_what_it_says_is_refused(raw, tmp_path):
    """A few bytes can stand for gigabytes; no more than promised is ever read."""
    name = f"{ROOT_OF_ZIP}/data/images/0.npy"
    with (
        zipfile.ZipFile(raw / ZIP) as old,
        zipfile.ZipFile(tmp_path / ZIP, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for info in old.infolist():
            content = b"\0" * 2_000_000 if info.filename == name else old.read(info)
            new.writestr(info.filename, content)
    content = bytearray((tmp_path / ZIP).read_bytes())
    size = (2_000_000).to_bytes(4, "little")
    while size in content:
        at = content.index(size)
        content[at : at + 4] = (600).to_bytes(4, "little")
    (tmp_path / ZIP).write_bytes(content)
    with pytest.raises(RepalignError, match="cannot be read"):
        read(tmp_path / ZIP)


def test_implausibly_large_arrays_are_refused(raw, tmp_path, monkeypatch):
    monkeypatch.setattr("repalign.datasets.mouse_files.MOST_BYTES", 100)
    with pytest.raises(RepalignError, match="at most 100 bytes"):
        read(raw / ZIP)
    with pytest.raises(RepalignError, match="at most 100 bytes"):
        read(raw / FOLDER)


def test_a_damaged_zip_file_is_refused(raw, tmp_path):
    content = bytearray((raw / ZIP).read_bytes())
    (tmp_path / ZIP).write_bytes(content[: len(content) // 2])
    with pytest.raises(RepalignError, match="cannot be read"):
        read(tmp_path / ZIP)
    at = content.index(b"data/images/5.npy") + 60
    content[at] ^= 0xFF
    (tmp_path / ZIP).write_bytes(content)
    with pytest.raises(RepalignError, match=r"images/5.npy[\s\S]*cannot be read"):
        read(tmp_path / ZIP)


def test_links_in_a_folder_are_refused(raw, tmp_path):
    path = spoil(raw / FOLDER, tmp_path / FOLDER, lambda a: None)
    secret = tmp_path / "secret.npy"
    np.save(secret, np.ones(3))
    (path / "data/behavior/0.npy").unlink()
    (path / "data/behavior/0.npy").symlink_to(secret)
    with pytest.raises(RepalignError, match=r"behavior/0.npy[\s\S]*a link"):
        read(path)


def test_no_scan_at_all(tmp_path):
    with pytest.raises(RepalignError, match="no such file or folder"), open_scan(tmp_path / "x"):
        pass
    with (
        pytest.raises(RepalignError, match="no folder data and no folder meta"),
        open_scan(tmp_path),
    ):
        pass


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
