"""People and their keypoints, as the published table has them."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from repalign.datasets.coco_persons import COLUMNS, persons_index, read_persons
from repalign.errors import RepalignError
from repalign.tables.coco_tables import KEYPOINTS

from .coco_content import PICTURES, content, write
from .conftest import assert_error


def index(paths, *, legacy_filter=False) -> pd.DataFrame:
    return persons_index(read_persons(paths, PICTURES), PICTURES, legacy_filter=legacy_filter)


def test_columns():
    assert len(KEYPOINTS) == 17
    assert COLUMNS[:6] == (
        "nsd_id", "coco_id", "coco_split", "person_image_id", "num_keypoints", "area",
    )  # fmt: skip
    assert COLUMNS[6:] == (*KEYPOINTS, "bbox", "segmentation")


def test_people_with_keypoints(tmp_path):
    table = index(write(tmp_path, "person_keypoints"))
    assert table.columns.tolist() == list(COLUMNS)
    first, second = table.to_dict("records")
    assert [first[name] for name in COLUMNS[:6]] == [0, 70, "val2017", 2, 1, 25.0]
    assert [second[name] for name in COLUMNS[:6]] == [2, 90, "train2017", 0, 2, 576.0]
    # The keypoint that is labelled; the others stay empty, and are not (0, 0).
    assert {name: first[name] for name in KEYPOINTS if first[name]} == {
        "left_shoulder": "(10, 10)"
    }
    labelled = {name: second[name] for name in KEYPOINTS if second[name]}
    assert labelled == {"nose": "(0, 0)", "right_ankle": "(32, 32)"}
    assert first["bbox"] == "(31.0, 5.0, 5.0, 5.0)"
    assert json.loads(first["segmentation"]) == [[31, 5, 36, 5, 36, 10, 31, 10]]


def test_the_published_filter_differs_between_splits(tmp_path):
    table = index(write(tmp_path, "person_keypoints"), legacy_filter=True)
    people = table[["nsd_id", "person_image_id", "num_keypoints"]].to_numpy().tolist()
    assert people == [[0, 0, 0], [0, 1, 0], [0, 2, 1], [2, 0, 2]]
    # A crowd is kept as run lengths.
    outline = json.loads(table["segmentation"][1])
    assert outline["size"] == [20, 40]
    assert sum(outline["counts"]) == 800
    assert sum(outline["counts"][1::2]) == 80


def test_a_picture_without_people_need_not_be_listed(tmp_path):
    made = content("person_keypoints", "train2017")
    made["images"] = [entry for entry in made["images"] if entry["id"] != 30]
    table = index(write(tmp_path, "person_keypoints", train2017=made))
    assert table["nsd_id"].tolist() == [0, 2]


def test_other_keypoints_are_refused(tmp_path):
    made = content("person_keypoints", "train2017")
    made["categories"][0]["keypoints"].reverse()
    with pytest.raises(RepalignError) as caught:
        index(write(tmp_path, "person_keypoints", train2017=made))
    assert_error(caught.value, "categories (id 1)", "['right_ankle'", "nose, left_eye")
    made = content("person_keypoints", "train2017")
    made["annotations"][0]["keypoints"].pop()
    with pytest.raises(RepalignError) as caught:
        index(write(tmp_path, "person_keypoints", train2017=made))
    assert_error(caught.value, "annotations[0] (id 12)", "keypoints: [0")
