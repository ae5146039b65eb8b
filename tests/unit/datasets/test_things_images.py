"""The index of the images of THINGS: order, ids and refused folders."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pandas as pd
import pytest

from repalign.datasets.things_images import (
    N_CONCEPTS,
    N_IMAGES,
    check_real_things,
    find_pictures,
    read_concepts,
    things_images,
)
from repalign.errors import RepalignError

CONCEPTS = ["bat1", "camera_lens", "camera1", "dog"]
"""As in the real list, an underscore comes before a digit, which sorting names would undo."""


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_pictures_are_ordered_by_file_name_over_all_folders(tmp_path):
    touch(tmp_path, "dog/dog_02s.jpg", "dog/dog_01b.jpg", "camera_lens/camera_lens_01b.jpg",
          "camera1/camera1_01b.jpg", "bat1/bat1_10s.jpg", "bat1/bat1_02s.jpg")  # fmt: skip
    images = things_images(find_pictures(tmp_path), CONCEPTS, "stimuli/Images")
    assert images.to_numpy().tolist() == [
        [0, "bat1_02s", "bat1", 0, 1, "stimuli/Images/bat1/bat1_02s.jpg"],
        [1, "bat1_10s", "bat1", 0, 2, "stimuli/Images/bat1/bat1_10s.jpg"],
        [2, "camera1_01b", "camera1", 2, 1, "stimuli/Images/camera1/camera1_01b.jpg"],
        [3, "camera_lens_01b", "camera_lens", 1, 1,
         "stimuli/Images/camera_lens/camera_lens_01b.jpg"],
        [4, "dog_01b", "dog", 3, 1, "stimuli/Images/dog/dog_01b.jpg"],
        [5, "dog_02s", "dog", 3, 2, "stimuli/Images/dog/dog_02s.jpg"],
    ]  # fmt: skip
    assert list(images.columns) == [
        "things_id", "image_name", "category", "category_id", "image_category_index",
        "image_path",
    ]  # fmt: skip


def test_other_files_are_left_out_and_counted(tmp_path, caplog):
    touch(tmp_path, "dog/dog_01b.jpg", "dog/dog_02s.JPG", "dog/dog_03s.png", "dog/.hidden.jpg",
          ".cache/cat_01b.jpg")  # fmt: skip
    assert find_pictures(tmp_path) == [PurePosixPath("dog/dog_01b.jpg")]
    assert "2 files are no *.jpg and left out, such as dog/dog_02s.JPG" in caplog.text


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(RepalignError, match=r"no \*\.jpg"):
        find_pictures(touch(tmp_path, "dog/dog_01b.png"))


def test_a_folder_that_is_no_concept_is_refused():
    with pytest.raises(RepalignError, match=r"cat/cat_01b\.jpg \(one of 1\)"):
        things_images([PurePosixPath("cat/cat_01b.jpg")], CONCEPTS, "x")


def test_one_name_in_two_folders_is_refused():
    paths = [PurePosixPath("bat1/a.jpg"), PurePosixPath("dog/a.jpg")]
    with pytest.raises(RepalignError, match=r"a\.jpg in two folders"):
        things_images(paths, CONCEPTS, "x")


def test_concepts_keep_the_order_of_their_file(tmp_path):
    path = tmp_path / "unique_id.csv"
    path.write_text('\ufeffbat1\r\n"camera_lens"\r\ncamera1\r\n\r\n', encoding="utf-8")
    assert read_concepts(path) == ["bat1", "camera_lens", "camera1"]


@pytest.mark.parametrize("text", ["", "dog\ncat\ndog\n", "dog\n\ncat\n"])
def test_concepts_that_are_no_list_of_names_are_refused(tmp_path, text):
    path = tmp_path / "unique_id.csv"
    path.write_text(text)
    with pytest.raises(RepalignError, match=r"unique_id\.csv"):
        read_concepts(path)


def test_no_file_of_concepts_is_said(tmp_path):
    with pytest.raises(RepalignError, match="unreadable"):
        read_concepts(tmp_path / "gone.csv")


def test_the_counts_of_real_data_are_asserted():
    concepts = [f"concept{k:04d}" for k in range(N_CONCEPTS)]
    images = pd.DataFrame({"category": [concepts[k % N_CONCEPTS] for k in range(N_IMAGES)]})
    check_real_things(images, concepts)
    for wrong in (images[1:], images[images["category"] != "concept0003"]):
        with pytest.raises(RepalignError, match="26107 pictures in 1854 folders"):
            check_real_things(wrong, concepts)
    with pytest.raises(RepalignError, match="1853 concepts"):
        check_real_things(images, concepts[1:])
