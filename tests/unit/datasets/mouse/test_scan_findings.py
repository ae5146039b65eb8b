"""Mouse scans: what is odd is reported with file and row."""

from __future__ import annotations

import numpy as np
import pytest

from .mouse_content import (
    COMPETITION,
    FOLDER,
    NEURONS,
    TRIALS,
    ZIP,
    codes,
    read,
    spoil,
    trials_of,
)


def test_findings_of_the_simulated_scans(raw):
    assert codes(read(raw / ZIP)) == {"stray_file", "silent_neuron"}
    assert codes(read(raw / FOLDER)) == {"stray_file", "silent_neuron"}
    competition = read(raw / COMPETITION)
    assert codes(competition) == {
        "stray_file", "silent_neuron", "withheld", "hashed_order", "flat_behaviour",
    }  # fmt: skip
    assert competition.withheld == ["test", "final_test"]


def loud(arrays):
    arrays["data/responses/3.npy"] = np.full(15, -1, np.float32)


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
