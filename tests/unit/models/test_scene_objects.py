"""The published table of objects, against a plain loop over detections."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repalign.models.scene_objects import Detections, object_dominated, scene_table
from repalign.tables.coco_tables import SCENE_OBJECTS

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
