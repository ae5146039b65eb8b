"""Objects of three pictures against numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from repalign.datasets.coco_objects import objects_index, objects_table, read_instances
from repalign.errors import RepalignError
from repalign.models.partitions import read_objects
from repalign.tables.coco_tables import COCO_OBJECTS, shown_boxes

from .coco_content import PICTURES, content, square, thing, write
from .conftest import assert_error

PUBLISHED = ["nsd_id", "coco_id", "coco_split", "category", "supercategory", "category_id", "area",
             "bbox"]  # fmt: skip


@pytest.fixture
def table(tmp_path):
    return objects_table(read_instances(write(tmp_path, "instances"), PICTURES), PICTURES)


def test_every_object_in_the_whole_picture_and_in_the_square(table):
    assert table.schema.equals(COCO_OBJECTS)
    frame = table.to_pandas()
    assert frame["annotation"].tolist() == [20, 21, 22, 23, 7, 8, 900, 12]
    assert frame["nsd_id"].tolist() == [0, 0, 0, 0, 1, 1, 2, 2]
    assert frame["crowd"].tolist() == [False, True, *[False] * 6]
    assert frame["picture_width"].tolist() == [40] * 4 + [20] * 2 + [24] * 2
    # The square of image 0 spans x from 10 to 30, that of image 1 y from 8 to 28.
    assert frame["square_x0"].tolist() == [10] * 4 + [0] * 4
    assert frame["square_y1"].tolist() == [20] * 4 + [28] * 2 + [24] * 2
    shown = [0.5, 0.5, 0, 1, 0.5, 0, 1, 1]
    np.testing.assert_allclose(frame["shown"], shown)
    area = [100 / 400, 40 / 400, 0, 0.5 / 400, 64 / 400, 0, 99.9 / 576, 1]
    np.testing.assert_allclose(frame["shown_area"], area)
    boxes = shown_boxes(frame)
    np.testing.assert_allclose(boxes[0], [-0.5, 0.25, 0.5, 0.75])
    np.testing.assert_allclose(boxes[2], [1.05, 0.25, 1.3, 0.5])
    np.testing.assert_allclose(boxes[4], [0.1, 0.6, 0.5, 1.4])


def test_the_published_index(table, tmp_path):
    index = objects_index(table, "original", crowds=True)
    assert index.columns.tolist() == PUBLISHED
    assert index.to_numpy().tolist()[:2] == [
        [0, 70, "val2017", "person", "person", 1, 200, "(0.0, 5.0, 20.0, 10.0)"],
        [0, 70, "val2017", "person", "person", 1, 80, "(5.0, 2.0, 10.0, 8.0)"],
    ]
    # Areas are cut to whole pixels, not rounded.
    assert index["area"].tolist() == [200, 80, 25, 0, 128, 12, 99, 576]
    assert index["bbox"][6] == "(4.0, 6.0, 12.5, 10.0)"
    index.to_csv(tmp_path / "index.csv", index=False)
    again = read_objects(tmp_path / "index.csv")
    assert again["supercategory"].tolist() == index["supercategory"].astype(str).tolist()


def test_the_index_in_the_square(table):
    index = objects_index(table, "crop", crowds=True)
    assert index.columns.tolist() == [*PUBLISHED, "shown"]
    assert index[["nsd_id", "area", "bbox", "shown"]].to_numpy().tolist() == [
        [0, 100, "(0.0, 5.0, 10.0, 10.0)", 0.5],
        [0, 40, "(0.0, 2.0, 5.0, 8.0)", 0.5],
        [0, 0, "(2.0, 4.0, 3.0, 0.0)", 1.0],
        [1, 64, "(2.0, 12.0, 8.0, 8.0)", 0.5],
        [2, 99, "(4.0, 6.0, 12.5, 10.0)", 1.0],
        [2, 576, "(0.0, 0.0, 24.0, 24.0)", 1.0],
    ]


@pytest.mark.parametrize("geometry", ["original", "crop"])
def test_crowds_can_be_left_out(table, geometry):
    every = objects_index(table, geometry, crowds=True)
    single = objects_index(table, geometry, crowds=False)
    assert single.equals(every.drop(index=1).reset_index(drop=True))


def test_outlines_count_and_boxes_where_there_is_none(tmp_path):
    """A triangle of which the square keeps less than of its box; an outline without area."""
    triangle = thing(1, 70, 18, (0, 0, 20, 20), area=200)
    triangle["segmentation"] = [[0, 0, 20, 20, 0, 20]]
    line = thing(2, 70, 18, (5, 5, 10, 10), area=40)
    line["segmentation"] = [[5, 5, 15, 15]]
    # Its box is cut by the square, its outline lies outside.
    apart = thing(3, 70, 18, (5, 5, 10, 10), area=4)
    apart["segmentation"] = square(5, 5, 2, 2)
    made = {**content("instances", "val2017"), "annotations": [triangle, line, apart]}
    paths = write(tmp_path, "instances", val2017=made)
    table = objects_table(read_instances(paths, PICTURES), PICTURES)
    assert table.column("shown").to_pylist()[:3] == [0.25, 0.5, 0]
    index = objects_index(table, "crop", crowds=True)
    assert index["area"].tolist()[:2] == [50, 20]
    assert len(index) == 5


def test_no_object_at_all(tmp_path):
    made = {
        split: {**content("instances", split), "annotations": []}
        for split in ("train2017", "val2017")
    }
    files = read_instances(write(tmp_path, "instances", **made), PICTURES)
    table = objects_table(files, PICTURES)
    assert len(table) == 0
    for geometry in ("original", "crop"):
        index = objects_index(table, geometry, crowds=True)
        assert index.columns.tolist()[:8] == PUBLISHED
        assert index.empty


def test_the_order_of_pictures_decides(tmp_path):
    files = read_instances(write(tmp_path, "instances"), PICTURES)
    some = objects_table(files, PICTURES[1:]).to_pandas()
    every = objects_table(files, PICTURES).to_pandas()
    pd.testing.assert_frame_equal(
        some, every[every["nsd_id"] > 0].reset_index(drop=True), check_categorical=False
    )


@pytest.mark.parametrize("crop", [(0.25, 0.25, 0, 0), (0, 0, 0, 0), (0, 0, 0.25, 0)])
def test_a_crop_that_leaves_no_square_is_named(tmp_path, crop):
    """As when the fractions are read in another order."""
    files = read_instances(write(tmp_path, "instances"), PICTURES)
    with pytest.raises(RepalignError) as caught:
        objects_table(files, [replace(PICTURES[0], crop=crop), *PICTURES[1:]])
    assert_error(caught.value, "instances_val2017.json", "images (id 70)", "40 x 20", "a square",
                 "NSD image 0")  # fmt: skip


def test_an_image_that_coco_does_not_have_is_named(tmp_path):
    files = read_instances(write(tmp_path, "instances"), PICTURES)
    with pytest.raises(RepalignError) as caught:
        objects_table(files, [replace(PICTURES[0], coco_id=71)])
    assert_error(caught.value, "instances_val2017.json", "no COCO image 71", "NSD image 0")


def test_run_lengths_of_another_size_are_named(tmp_path):
    made = content("instances", "val2017")
    made["annotations"][1]["segmentation"]["counts"].append(1)
    files = read_instances(write(tmp_path, "instances", val2017=made), PICTURES)
    with pytest.raises(RepalignError) as caught:
        objects_table(files, PICTURES)
    assert_error(caught.value, "segmentation of annotation 21", "20 x 40", "all pixels")
