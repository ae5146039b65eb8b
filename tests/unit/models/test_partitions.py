"""Animate and inanimate images, from a table of objects in COCO's terms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from repalign.errors import RepalignError
from repalign.models.partitions import SUPERCATEGORIES, animacy_partition, read_objects
from repalign.simulate.scenes import COCO

COLUMNS = ["nsd_id", "coco_id", "coco_split", "category", "supercategory", "category_id", "area",
           "bbox"]  # fmt: skip


def write(path, rows):
    table = pd.DataFrame(
        [(i, 100 + i, "val2017", kind, kind, 1, 42, "(1.0, 2.0, 3.0, 4.0)") for i, kind in rows],
        columns=COLUMNS,
    )
    table.to_csv(path, index=False)
    return path


def test_person_or_animal_makes_an_image_animate(tmp_path):
    rows = [(8, "vehicle"), (3, "animal"), (3, "food"), (5, "person"), (8, "food"),
            (4, "sports"), (1, "animal"), (1, "person"), (72_999, "indoor")]  # fmt: skip
    objects = read_objects(write(tmp_path / "objects.csv", rows))
    parts = animacy_partition(objects)
    assert list(parts) == ["animate", "inanimate"]
    assert parts["animate"].tolist() == [1, 3, 5]
    # Image 2, say, has no object: it is in neither.
    assert parts["inanimate"].tolist() == [4, 8, 72_999]
    assert all(ids.dtype == np.int64 for ids in parts.values())


def test_order_of_rows_does_not_matter():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {"nsd_id": rng.integers(0, 60, 200), "supercategory": rng.choice(SUPERCATEGORIES, 200)}
    )
    parts = animacy_partition(table)
    shuffled = animacy_partition(table.sample(frac=1, random_state=1))
    for image, kinds in table.groupby("nsd_id").supercategory:
        living = bool({"person", "animal"} & set(kinds))
        assert (image in parts["animate"]) == living
        assert (image in parts["inanimate"]) != living
    for name, ids in parts.items():
        np.testing.assert_array_equal(ids, shuffled[name])


def test_no_objects_at_all():
    table = pd.DataFrame({"nsd_id": [], "supercategory": []})
    assert [ids.size for ids in animacy_partition(table).values()] == [0, 0]


def test_the_supercategories_are_cocos():
    assert sorted(COCO) == list(SUPERCATEGORIES)


def test_wrong_tables_are_refused(tmp_path):
    path = write(tmp_path / "objects.csv", [(1, "food"), (2, "Person"), (3, "Person")])
    with pytest.raises(RepalignError, match=r"'Person' \(2 rows\)") as caught:
        read_objects(path)
    assert "data row 2" in caught.value.where
    table = pd.read_csv(write(path, [(1, "food"), (2, "person")]))
    table.drop(columns="supercategory").to_csv(path)
    with pytest.raises(RepalignError, match="no column supercategory"):
        read_objects(path)
    table.assign(nsd_id=[1, 2.5]).to_csv(path)
    with pytest.raises(RepalignError, match=r"2\.5"):
        read_objects(path)
    with pytest.raises(RepalignError, match="no such file"):
        read_objects(tmp_path / "none.csv")
