"""Mouse scans: content that cannot be right is refused with file and row."""

from __future__ import annotations

import numpy as np
import pytest

from repalign.errors import RepalignError

from .mouse_content import (
    FOLDER,
    NEURONS,
    TINY,
    TRIALS,
    ZIP,
    npy,
    read,
    spoil,
    trials_of,
)


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
