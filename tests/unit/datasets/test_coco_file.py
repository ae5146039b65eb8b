"""Annotation files are read sparingly, and refused with list and place if they do not hold."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from repalign.datasets.coco_file import is_flag, is_number, is_outline, is_text, read_coco
from repalign.datasets.coco_objects import read_instances
from repalign.errors import RepalignError
from repalign.simulate.scenes import COCO

from .coco_content import PICTURES, content, write
from .conftest import assert_error

REAL = Path(__file__).parents[2] / "data/coco"
TEXT = {"caption": is_text}


def test_numbers_are_looked_up_not_counted(tmp_path):
    train, val = read_instances(write(tmp_path, "instances"), PICTURES).values()
    assert train.images == {50: (30, 30), 90: (24, 24), 30: (20, 40)}
    assert sorted(train.annotations) == [30, 90]
    assert [entry["id"] for entry in train.annotations[90]] == [900, 12]
    assert train.categories[18]["name"] == "dog"
    assert val.annotations[70][0]["segmentation"][0].tolist() == [
        [0, 5], [20, 5], [20, 15], [0, 15],
    ]  # fmt: skip
    assert val.annotations[70][1]["segmentation"]["counts"].dtype == np.int64
    # What nobody asks for is not kept.
    assert "license" not in train.annotations[90][0]


def test_of_other_images_only_the_numbers_are_looked_at(tmp_path):
    broken = content("instances", "train2017")
    del broken["annotations"][2]["bbox"]
    broken["annotations"][2]["segmentation"] = "nonsense"
    paths = write(tmp_path, "instances", train2017=broken)
    assert 50 not in read_instances(paths, PICTURES)["train2017"].annotations


def change(place: str, key: str, value: object):
    """Something wrong in one entry; None deletes the key."""

    def apply(made: dict) -> None:
        entry = made[place][1]
        if value is None:
            del entry[key]
        else:
            entry[key] = value

    return apply


def again(place: str):
    def apply(made: dict) -> None:
        made[place].append(dict(made[place][1]))

    return apply


PLACE = "annotations[1] (id 7)"


@pytest.mark.parametrize(
    ("apply", "parts"),
    [
        (lambda made: made.pop("annotations"), ["no list 'annotations'"]),
        (lambda made: made.update(images={}), ["no list 'images'"]),
        (lambda made: made.pop("categories"), ["no list 'categories'"]),
        (change("annotations", "bbox", None), [PLACE, "no key 'bbox'", "area, bbox, iscrowd"]),
        (change("annotations", "bbox", [1, 2, 3]), [PLACE, "bbox: [1, 2, 3]"]),
        (change("annotations", "bbox", [1, 2, 3, float("nan")]), [PLACE, "bbox: "]),
        (change("annotations", "area", "big"), [PLACE, "area: 'big'"]),
        (change("annotations", "iscrowd", 2), [PLACE, "iscrowd: 2"]),
        (change("annotations", "segmentation", [[1, 2, 3]]), [PLACE, "segmentation: "]),
        (change("annotations", "segmentation", [["1", "2"]]), [PLACE, "segmentation: "]),
        (change("annotations", "segmentation", {"counts": "abc", "size": [40, 20]}), [PLACE]),
        (change("annotations", "segmentation", {"counts": [800]}), [PLACE]),
        (change("annotations", "id", None), ["annotations[1]", "no key 'id'"]),
        (change("annotations", "id", 900), ["annotations[1]", "annotation 900 twice"]),
        (again("annotations"), ["annotations[5]", "annotation 7 twice"]),
        (change("annotations", "image_id", 31), ["annotations[1]", "image 31", "list images"]),
        (change("annotations", "image_id", None), ["annotations[1]", "no key 'image_id'"]),
        (change("annotations", "image_id", [30]), ["annotations[1]", "image_id: [30]"]),
        (change("annotations", "category_id", 2), ["annotations[1]", "category 2", "categories"]),
        (change("annotations", "category_id", None), [PLACE, "no key 'category_id'"]),
        (change("categories", "name", None), ["categories[1] (id 1)", "no key 'name'"]),
        (again("categories"), ["categories[3]", "id 1 twice"]),
        (change("images", "width", 2.5), ["images[1] (id 90)", "width: 2.5"]),
        (again("images"), ["images[3]", "id 90 twice"]),
        (lambda made: made["annotations"].insert(0, 5), ["annotations[0]", "5", "an object"]),
    ],
)
def test_wrong_content_is_named_with_its_place(tmp_path, apply, parts):
    made = content("instances", "train2017")
    apply(made)
    paths = write(tmp_path, "instances", train2017=made)
    with pytest.raises(RepalignError) as caught:
        read_instances(paths, PICTURES)
    assert_error(caught.value, "instances_train2017.json", "Fetch annotations", *parts)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (b"", "breaks at character 0 of 0"),
        (b"[1, 2]", "no list 'images'"),
        (b"null", "no list 'images'"),
        (b"\xff\xfe{}", "no JSON"),
        (b"[" * 100_000, "no JSON"),
    ],
)
def test_no_annotation_file_at_all(tmp_path, text, part):
    path = tmp_path / "captions_val2017.json"
    path.write_bytes(text)
    with pytest.raises(RepalignError) as caught:
        read_coco(path, [1], TEXT, categories=False)
    assert_error(caught.value, path, part)


def test_a_truncated_file_is_named_with_the_place(tmp_path):
    (path, _) = write(tmp_path, "captions")
    whole = path.read_text()
    for share in (0.1, 0.5, 0.9, 0.999):
        path.write_text(whole[: int(len(whole) * share)])
        with pytest.raises(RepalignError) as caught:
            read_coco(path, [30], TEXT, categories=False)
        assert_error(caught.value, path, "JSON that breaks at character", "complete", "again")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RepalignError) as caught:
        read_coco(tmp_path / "captions_train2017.json", [], TEXT, categories=False)
    assert_error(caught.value, "captions_train2017.json", "no readable file")


def test_a_file_of_coco_itself():
    """Its outlines are compressed, which those of the 2017 annotations are not."""
    path = REAL / "panoptic_coco_detection_format.json"
    checks = {"area": is_number, "iscrowd": is_flag}
    found = read_coco(path, [142238, 439180], checks, categories=True)
    assert found.images == {142238: (640, 427), 439180: (640, 360)}
    assert sum(map(len, found.annotations.values())) == 50
    assert found.categories[1]["supercategory"] == "person"
    outlines = {"segmentation": is_outline}
    with pytest.raises(RepalignError) as caught:
        read_coco(path, [142238], outlines, categories=True)
    assert_error(caught.value, "annotations[0] (id 0)", "segmentation: {'counts': 'eme31V")


def test_the_simulator_knows_cocos_categories():
    listed = json.loads((REAL / "panoptic_coco_categories.json").read_text())
    things = {(c["supercategory"], c["id"], c["name"]) for c in listed if c["isthing"]}
    assert len(things) == 80
    assert {(kind, k, name) for kind, names in COCO.items() for k, name in names.items()} == things
