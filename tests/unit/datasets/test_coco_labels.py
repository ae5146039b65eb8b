"""Labels of images against what each rule says of a few pictures written by hand."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import numpy as np
import pytest

from repalign.datasets.coco_labels import (
    Labelled,
    Thing,
    labels_table,
    things_by_id,
    things_by_position,
)
from repalign.datasets.coco_objects import objects_table, read_instances
from repalign.datasets.nsd_coco import Picture, read_nsd_pictures
from repalign.errors import RepalignError
from repalign.tables.curated_tables import COCO_LABELS

from .coco_content import PICTURES, content, thing, write
from .conftest import Experiment, assert_error

WHOLE = (0.0, 0.0, 0.0, 0.0)


def label(things, rule="largest_instance", *, include_crowd=True):
    """Supercategory and category of one image."""
    picture = Picture(0, 70, "train2017", False, WHOLE)
    table = labels_table([picture], [Labelled(70, things)], rule, include_crowd=include_crowd)
    (row,) = table.to_pylist()
    return row["supercat"], row["cat"]


def of(area, category, supercategory="animal", *, shown=1.0, crowd=False):
    return Thing(category, supercategory, area, area * shown, crowd)


@pytest.fixture
def read(tmp_path):
    """Labels of the hand-written files by a rule."""
    files = read_instances(write(tmp_path, "instances"), PICTURES)
    things = things_by_id(objects_table(files, PICTURES), PICTURES)

    def make(rule="largest_instance", *, include_crowd=True):
        table = labels_table(PICTURES, things, rule, include_crowd=include_crowd)
        assert table.schema.equals(COCO_LABELS)
        return table.to_pylist()

    return make


def test_all_annotations_are_listed_beside_the_label(read):
    first, second, third = read()
    assert (first["nsd_id"], first["coco_id"], first["coco_split"]) == (0, 70, "val2017")
    assert first["labelled_coco_id"] == 70
    assert first["cats"] == ["person", "person", "person", "pizza"]
    assert first["supercats"] == ["person", "person", "person", "food"]
    assert first["areas"] == [200, 80, 25, 0.5]
    # Half of the person and of the crowd are in the square, nothing of the third.
    np.testing.assert_allclose(first["in_crop_areas"], [100, 40, 0, 0.5])
    assert (first["supercat"], first["cat"]) == ("person", "person")
    assert (second["supercat"], second["cat"]) == ("food", "pizza")
    assert (third["supercat"], third["cat"]) == ("person", "person")
    assert [row["n_annotations"] for row in (first, second, third)] == [4, 2, 2]


def test_crowds_can_be_left_out(read):
    first = read(include_crowd=False)[0]
    assert first["areas"] == [200, 25, 0.5]
    crowd = [of(9, "cow", crowd=True), of(4, "dog")]
    assert label(crowd) == ("animal", "cow")
    assert label(crowd, include_crowd=False) == ("animal", "dog")
    assert label(crowd[:1], include_crowd=False) == ("unknown", "unknown")


@pytest.mark.parametrize("rule", ["largest_instance", "largest_category_sum", "in_crop"])
def test_nothing_annotated_is_unknown(rule):
    assert label([], rule) == ("unknown", "unknown")


@pytest.mark.parametrize("rule", ["largest_instance", "largest_category_sum", "in_crop"])
def test_the_first_wins_a_tie(rule):
    both = [of(5, "cat"), of(5, "pizza", "food")]
    assert label(both, rule) == ("animal", "cat")
    assert label(both[::-1], rule) == ("food", "pizza")


def test_sums_are_of_categories_and_of_supercategories_each():
    things = [of(10, "pizza", "food"), of(6, "dog"), of(6, "cat"), of(3, "dog")]
    assert label(things) == ("food", "pizza")
    # animal 15 > food 10, but pizza 10 > dog 9 > cat 6.
    assert label(things, "largest_category_sum") == ("animal", "pizza")
    assert label([*things, of(2, "dog")], "largest_category_sum") == ("animal", "dog")


def test_sums_that_are_equal_are_a_tie_whatever_their_order():
    parts = [0.1, 0.2, 0.3]
    things = [of(a, "cat") for a in parts] + [of(a, "pizza", "food") for a in parts[::-1]]
    assert label(things, "largest_category_sum") == ("animal", "cat")


def test_in_the_crop_only_what_is_shown_counts():
    things = [of(100, "cow", shown=0.01), of(5, "pizza", "food")]
    assert label(things) == ("animal", "cow")
    assert label(things, "in_crop") == ("food", "pizza")
    assert label([of(100, "cow", shown=0)], "in_crop") == ("unknown", "unknown")


def restated(contents, nsd_id):
    """The published way, written anew: merge with new numbers, then look NSD's number up."""
    merged, images = {}, 0
    for one in contents:
        new = {image["id"]: images + k for k, image in enumerate(one["images"])}
        images += len(new)
        names = {c["id"]: c["supercategory"] for c in one["categories"]}
        for entry in one["annotations"]:
            found = merged.setdefault(new[entry["image_id"]], [])
            found.append((entry["area"], names[entry["category_id"]]))
    found = merged.get(nsd_id + 1, [])
    return max(found, key=lambda one: one[0])[1] if found else "unknown"


def test_list_positions_reproduce_the_published_defect(tmp_path, caplog):
    """Numbers from 1 are taken for places from 0: other pictures than the right ones."""
    contents = [content("instances", split) for split in ("train2017", "val2017")]
    # Five pictures more in the first list, none of which is NSD's; the last has no annotation.
    for k in range(5):
        contents[0]["images"].append({**contents[0]["images"][0], "id": 200 + k})
        kind, area = (18, 59, 1)[k % 3], 10 + k
        if k < 4:
            entry = thing(300 + k, 200 + k, kind, (0, 0, 5, 5), area=area)
            contents[0]["annotations"].insert(0, entry)
    paths = write(tmp_path, "instances", train2017=contents[0], val2017=contents[1])
    pictures = [Picture(k, PICTURES[k % 3].coco_id + 1000 * (k > 2), "train2017", False, WHOLE)
                for k in range(10)]  # fmt: skip
    with caplog.at_level(logging.WARNING):
        labelled = things_by_position(paths, pictures)
    assert "unrelated picture" in caplog.text
    table = labels_table(pictures, labelled, "largest_instance", include_crowd=True).to_pylist()
    expected = [restated(contents, k) for k in range(10)]
    assert [row["supercat"] for row in table] == expected
    assert set(expected) == {"person", "food", "animal", "unknown"}
    listed = [image["id"] for one in contents for image in one["images"]]
    assert [row["labelled_coco_id"] for row in table] == [*listed[1:], *[None] * 2]
    assert [row["coco_id"] for row in table] == [picture.coco_id for picture in pictures]
    assert all(np.isnan(area) for row in table for area in row["in_crop_areas"])


def test_objects_of_another_picture_are_refused(tmp_path):
    files = read_instances(write(tmp_path, "instances"), PICTURES)
    objects = objects_table(files, PICTURES)
    with pytest.raises(RepalignError) as error:
        things_by_id(objects, [replace(PICTURES[0], coco_id=71), *PICTURES[1:]])
    assert_error(error.value, "COCO picture 70 as NSD image 0", "picture 71")


def test_an_image_without_a_coco_number_is_refused(tmp_path):
    table = Experiment().table()
    table["cocoId"] = table["cocoId"].astype(object)
    table.loc[7, "cocoId"] = None
    path = tmp_path / "nsd_stim_info_merged.csv"
    table.to_csv(path)
    with pytest.raises(RepalignError) as error:
        read_nsd_pictures(path)
    assert_error(error.value, "cocoId", path)


def test_a_missing_file_of_coco_is_refused(tmp_path):
    paths = write(tmp_path, "instances")
    paths[1].unlink()
    for reader in (read_instances, things_by_position):
        with pytest.raises(RepalignError) as error:
            reader(paths, PICTURES)
        assert_error(error.value, paths[1], "annotations_trainval2017.zip")


def test_a_picture_that_coco_lists_without_annotation_is_unknown(tmp_path):
    one = content("instances", "train2017")
    one["annotations"] = [entry for entry in one["annotations"] if entry["image_id"] != 90]
    (tmp_path / "x").write_text(json.dumps(one))
    files = read_instances(write(tmp_path, "instances", train2017=one), PICTURES)
    things = things_by_id(objects_table(files, PICTURES), PICTURES)
    row = labels_table(PICTURES, things, "in_crop", include_crowd=True).to_pylist()[2]
    assert (row["supercat"], row["n_annotations"], row["areas"]) == ("unknown", 0, [])
