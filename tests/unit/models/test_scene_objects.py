"""The published table of objects, against a plain loop over detections."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repalign.errors import RepalignError
from repalign.models.scene_objects import (
    Detections,
    annotated,
    object_dominated,
    scene_table,
    wanted_pictures,
    write_scene_objects,
)
from repalign.tables.coco_tables import SCENE_OBJECTS
from repalign.tables.provenance import make_record, read_record

PUBLISHED = [
    ("nsd_id", "int64"), ("object_index", "int64"), ("label_id", "int64"), ("label", "string"),
    ("confidence", "double"), ("box", "list<element: double>"), ("image_width", "int64"),
    ("image_height", "int64"), ("box_width", "double"), ("box_height", "double"),
    ("box_x0", "double"), ("box_y0", "double"), ("box_x1", "double"), ("box_y1", "double"),
    ("percent_area", "double"),
]  # fmt: skip


def detections(nsd_id, boxes, size=(40, 20)):
    n = len(boxes)
    return Detections(
        nsd_id,
        size,
        np.arange(1, n + 1),
        [f"thing {k}" for k in range(n)],
        np.linspace(1, 0.5, n) if n else np.zeros(0),
        np.array(boxes, float).reshape(-1, 4),
    )


def test_columns_are_the_published_ones():
    table = scene_table([detections(3, [(0, 0, 4, 4)])], clip=True)
    found = [(f.name, str(f.type).replace("item", "element")) for f in table.schema]
    assert found == PUBLISHED
    assert table.schema.equals(SCENE_OBJECTS)


@pytest.mark.parametrize("found", [[], [detections(5, [])]], ids=["no picture", "no object"])
def test_a_picture_without_objects_has_no_row(found):
    table = scene_table(found, clip=True)
    assert len(table) == 0
    assert table.schema.equals(SCENE_OBJECTS)
    assert object_dominated(table.to_pandas()).tolist() == []


edges = st.floats(-30, 70, allow_nan=False)
box = st.tuples(edges, edges, st.floats(0, 60), st.floats(0, 60)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)


@given(st.lists(st.lists(box, max_size=4), max_size=5), st.booleans(), st.randoms())
def test_rows_are_those_of_a_loop(pictures, clip, rng):
    found = [detections(7 * k, boxes) for k, boxes in enumerate(pictures)]
    shuffled = found.copy()
    rng.shuffle(shuffled)
    rows = scene_table(shuffled, clip=clip).to_pylist()
    assert len(rows) == sum(map(len, pictures))
    remaining = iter(rows)
    for one in found:
        for k, (x0, y0, x1, y1) in enumerate(one.boxes.tolist()):
            if clip:
                x0, x1 = (min(max(x, 0), 40) for x in (x0, x1))
                y0, y1 = (min(max(y, 0), 20) for y in (y0, y1))
            row = next(remaining)
            assert (row["nsd_id"], row["object_index"]) == (one.nsd_id, k)
            assert (row["label_id"], row["label"]) == (k + 1, f"thing {k}")
            assert row["box"] == [x0, y0, x1, y1]
            assert [row[f"box_{e}"] for e in ("x0", "y0", "x1", "y1")] == row["box"]
            assert (row["image_width"], row["image_height"]) == (40, 20)
            assert row["percent_area"] == pytest.approx((x1 - x0) * (y1 - y0) / 800)
            assert not clip or 0 <= row["percent_area"] <= 1


def test_unclipped_area_can_exceed_the_picture():
    beyond = [detections(1, [(-10, -10, 50, 30)])]
    assert scene_table(beyond, clip=False).column("percent_area")[0].as_py() == 3
    assert scene_table(beyond, clip=True).column("percent_area")[0].as_py() == 1


def test_dominated_needs_much_area_and_few_objects():
    areas = {4: [0.61], 2: [0.7, 0.1], 9: [0.6], 1: [0.9, 0.1, 0.1], 3: [0.2, 0.3], 0: [0.1, 0.95]}
    rows = [(image, area) for image, found in areas.items() for area in found]
    table = pd.DataFrame(rows, columns=["nsd_id", "percent_area"])
    dominated = object_dominated(table.sample(frac=1, random_state=0))
    assert dominated.tolist() == [0, 2, 4]
    assert dominated.dtype == np.int64


def objects(*rows) -> pd.DataFrame:
    """Objects of a picture of 40 x 20 pixels, of which the middle 20 x 20 are shown."""
    columns = ["nsd_id", "category_id", "category", "crowd", "shown", "x", "y", "width", "height"]
    square = {"square_x0": 10.0, "square_y0": 0.0, "square_x1": 30.0, "square_y1": 20.0}
    table = pd.DataFrame(rows, columns=columns).assign(**square)
    return table.astype({"nsd_id": "uint32", "crowd": bool})


def test_annotations_become_boxes_of_the_shown_picture():
    table = objects(
        (7, 18, "dog", False, 1.0, 12.0, 5.0, 4.0, 10.0),
        (3, 1, "person", False, 0.5, 0.0, 0.0, 20.0, 20.0),
        (3, 1, "person", True, 1.0, 10.0, 0.0, 20.0, 20.0),
        (3, 59, "pizza", False, 0.0, 31.0, 0.0, 5.0, 5.0),
        (4, 1, "person", False, 1.0, 12.0, 5.0, 4.0, 10.0),
    )
    three, five, seven = annotated(table, [3, 5, 7], (100, 100), crowds=True)
    assert three.boxes.tolist() == [[-50, 0, 50, 100], [0, 0, 100, 100]]
    assert (three.labels, three.label_ids.tolist()) == (["person", "person"], [1, 1])
    assert three.confidence.tolist() == [1, 1]
    assert (five.nsd_id, five.labels, five.boxes.shape) == (5, [], (0, 4))
    assert seven.boxes.tolist() == [[10, 25, 30, 75]]
    single = annotated(table, [3], (100, 100), crowds=False)
    assert single[0].boxes.tolist() == [[-50, 0, 50, 100]]
    clipped = scene_table(single, clip=True).to_pylist()[0]
    assert (clipped["box"], clipped["percent_area"]) == ([0, 0, 50, 100], 0.5)


def stimuli(path, shared):
    splits = ["train2017", "val2017", "", "val2017"]
    pd.DataFrame({"nsd_id": [0, 1, 2, 3], "coco_split": splits, "shared": shared}).to_parquet(path)
    return path


def test_which_pictures_are_wanted(tmp_path):
    path = stimuli(tmp_path / "stimuli.parquet", [False, True, False, True])
    assert wanted_pictures(path, "shared") == [1, 3]
    # Image 2 is shown in no trial that the table knows.
    assert wanted_pictures(path, "all") == [0, 1, 3]
    path = stimuli(tmp_path / "stimuli.parquet", [False] * 4)
    with pytest.raises(RepalignError, match=r"Set objects\.images to all"):
        wanted_pictures(path, "shared")


def test_the_file_says_how_many_pictures_have_no_objects(tmp_path):
    found = [detections(2, []), detections(1, [(0, 0, 4, 4), (1, 1, 2, 2)]), detections(0, [])]
    path = tmp_path / "objects.parquet"
    write_scene_objects(path, found, make_record(None), clip=True)
    record = read_record(path)
    assert record is not None
    assert (record["pictures"], record["pictures_without_objects"]) == (3, 2)
    assert pd.read_parquet(path)["nsd_id"].tolist() == [1, 1]
