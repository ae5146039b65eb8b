"""The simulated annotation files: COCO's structure, and the truth can be found again."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from repalign.datasets.coco_captions import captions_index, read_captions
from repalign.datasets.coco_objects import objects_index, objects_table, read_instances
from repalign.datasets.coco_persons import persons_index, read_persons
from repalign.datasets.nsd_coco import SPLITS, read_nsd_pictures
from repalign.kernels.outlines import polygon_area
from repalign.models.partitions import animacy_partition
from repalign.models.scene_objects import annotated, scene_table
from repalign.simulate.coco import N_OTHERS, write_coco
from repalign.simulate.render import render
from repalign.simulate.scenes import make_scene
from repalign.tables.coco_tables import KEYPOINTS

from .coco_pictures import stimulus_rows

KINDS = ("captions", "instances", "person_keypoints")
SEED, SIZE, N_IMAGES = 5, 48, 150
KEYS = {
    "captions": ["image_id", "id", "caption"],
    "instances": ["segmentation", "area", "iscrowd", "image_id", "bbox", "category_id", "id"],
    "person_keypoints": ["segmentation", "num_keypoints", "area", "iscrowd", "keypoints",
                         "image_id", "bbox", "category_id", "id"],
}  # fmt: skip


def stimuli() -> pd.DataFrame:
    return stimulus_rows(N_IMAGES, 0)


@pytest.fixture(scope="module")
def truth():
    scenes = [make_scene(SEED, number) for number in range(N_IMAGES)]
    return scenes, [render(scene, SIZE, SEED)[1] for scene in scenes]


@pytest.fixture(scope="module")
def folder(truth, tmp_path_factory):
    folder = tmp_path_factory.mktemp("coco")
    write_coco(folder, *truth, stimuli(), SIZE, SEED)
    stimuli().to_csv(folder / "info.csv")
    return folder


@pytest.fixture(scope="module")
def pictures(folder):
    return read_nsd_pictures(folder / "info.csv")


def paths(folder, kind):
    return [folder / f"{kind}_{split}.json" for split in SPLITS]


@pytest.fixture(scope="module")
def table(folder, pictures):
    return objects_table(read_instances(paths(folder, "instances"), pictures), pictures)


def test_the_structure_is_cocos(folder):
    known = set(stimuli()["cocoId"])
    for kind in KINDS:
        seen: set[int] = set()
        for path in paths(folder, kind):
            made = json.loads(path.read_text())
            keys = ["info", "licenses", "images", "annotations"]
            assert list(made) == keys + ["categories"] * (kind != "captions")
            assert all(list(entry) == KEYS[kind] for entry in made["annotations"])
            ids = [entry["id"] for entry in made["annotations"]]
            images = [entry["id"] for entry in made["images"]]
            # Numbers are no places, and stand in no order.
            assert ids != sorted(ids)
            assert images != sorted(images)
            assert len(set(ids)) == len(ids)
            assert not set(ids) & seen
            seen |= set(ids)
            assert len(set(images) - known) == N_OTHERS
            owners = [entry["image_id"] for entry in made["annotations"]]
            assert set(owners) <= set(images)
            if kind != "person_keypoints":
                assert set(owners) - known, "annotations of pictures that NSD did not take"
            assert owners != sorted(owners)


def test_captions_are_those_of_the_scenes_in_their_order(folder, pictures, truth):
    files = read_captions(paths(folder, "captions"), pictures)
    table = captions_index(files, pictures)
    assert table["nsd_id"].tolist() == list(range(N_IMAGES))
    assert [tuple(text.split(";")) for text in table["captions"]] == [s.captions for s in truth[0]]


def test_objects_are_those_of_the_scenes(table, truth):
    index = objects_index(table, "original", crowds=False)
    listed = [(s.number, t.category, t.category_id) for s in truth[0] for t in s.objects]
    found = zip(index["nsd_id"], index["category"], index["category_id"], strict=True)
    assert list(found) == listed
    crowds = table.to_pandas()
    crowds = crowds[crowds["crowd"]]
    assert 3 < len(crowds) < 30
    # A crowd is of a kind that the scene shows twice: it changes no partition.
    for crowd in crowds.itertuples():
        kinds = Counter(thing.category_id for thing in truth[0][crowd.nsd_id].objects)
        assert kinds[crowd.category_id] > 1
    parts = animacy_partition(objects_index(table, "original", crowds=True))
    living = [s.number for s in truth[0] if any(thing.animate for thing in s.objects)]
    assert parts["animate"].tolist() == living


def test_boxes_and_areas_are_those_of_the_square(table, pictures, truth):
    """The truth is in pixels of the shown picture; the files are of the whole one."""
    frame = table.to_pandas().query("not crowd")
    scenes, areas = truth
    boxes = [(x, y, x + w, y + h) for s in scenes for x, y, w, h in (t.box for t in s.objects)]
    ids = [picture.nsd_id for picture in pictures]
    found = annotated(frame, ids, (SIZE, SIZE), crowds=False)
    made = np.concatenate([one.boxes for one in found]) / SIZE
    np.testing.assert_allclose(made, boxes, atol=0.01 / SIZE)
    shares = [area / SIZE**2 for own in areas for area in own]
    np.testing.assert_allclose(frame["shown_area"], shares, rtol=1e-4)
    assert (frame["shown"] == 1).all()
    # Pictures are larger than the square, and mostly not square.
    assert (frame["picture_width"] > SIZE).all()
    assert (frame["picture_width"] != frame["picture_height"]).mean() > 0.9
    rows = scene_table(found, clip=True).to_pandas()
    assert rows["label"].tolist() == [t.category for s in scenes for t in s.objects]
    assert (rows["confidence"] == 1).all()
    assert rows["percent_area"].between(0, 1).all()


def test_outlines_fit_boxes_and_areas(folder):
    for path in paths(folder, "instances"):
        made = json.loads(path.read_text())
        sizes = {entry["id"]: (entry["width"], entry["height"]) for entry in made["images"]}
        for entry in made["annotations"]:
            x, y, width, height = entry["bbox"]
            picture_width, picture_height = sizes[entry["image_id"]]
            assert x >= 0
            assert y >= 0
            assert x + width <= picture_width + 0.01
            assert y + height <= picture_height + 0.01
            if entry["iscrowd"]:
                counts = entry["segmentation"]["counts"]
                assert entry["segmentation"]["size"] == [picture_height, picture_width]
                assert sum(counts) == picture_width * picture_height
                assert sum(counts[1::2]) == entry["area"] == width * height
                continue
            points = np.reshape(entry["segmentation"], (-1, 2))
            corners = [x, y, x + width, y + height]
            np.testing.assert_allclose([*points.min(axis=0), *points.max(axis=0)], corners,
                                       atol=0.021)  # fmt: skip
            area = min(entry["area"], width * height)
            assert polygon_area(points) == pytest.approx(area, rel=0.02, abs=0.5)


def test_people_have_keypoints_and_some_have_none(folder, pictures, truth):
    files = read_persons(paths(folder, "person_keypoints"), pictures)
    every = [
        entry for file in files.values() for own in file.annotations.values() for entry in own
    ]
    persons = [t for s in truth[0] for t in s.objects if t.supercategory == "person"]
    assert sum(len(entry["segmentation"]) > 0 for entry in every) >= len(persons)
    labelled = np.array([entry["num_keypoints"] for entry in every])
    assert 0 < (labelled == 0).sum() < len(labelled) / 2
    instances = read_instances(paths(folder, "instances"), pictures)
    numbers = {e["id"] for f in instances.values() for own in f.annotations.values() for e in own}
    for entry in every:
        assert entry["id"] in numbers
        flags = np.array(entry["keypoints"][2::3])
        assert entry["num_keypoints"] == (flags > 0).sum()
        assert set(flags) <= {0, 1, 2}
        places = np.reshape(entry["keypoints"], (-1, 3))[:, :2]
        assert (places[flags == 0] == 0).all()
        x, y, width, height = entry["bbox"]
        inside = (places >= [x - 1, y - 1]) & (places <= [x + width + 1, y + height + 1])
        assert inside[flags > 0].all()
    table = persons_index(files, pictures, legacy_filter=False)
    assert len(table) == (labelled > 0).sum()
    assert (table[list(KEYPOINTS)] != "").to_numpy().sum() == labelled.sum()


def test_bytes_repeat_and_the_seed_counts(folder, truth, tmp_path):
    write_coco(tmp_path, *truth, stimuli(), SIZE, SEED)
    for kind in KINDS:
        for path in paths(folder, kind):
            assert (tmp_path / path.name).read_bytes() == path.read_bytes()
    write_coco(tmp_path, *truth, stimuli(), SIZE, SEED + 1)
    for path in paths(folder, "captions"):
        assert (tmp_path / path.name).read_bytes() != path.read_bytes()
