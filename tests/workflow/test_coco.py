"""What COCO says of a simulated NSD, through Snakemake: the truth comes back, choices count."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from repalign.tables.coco_tables import SCENE_OBJECTS
from repalign.tables.parquet import read_table
from repalign.tables.provenance import read_record

from .oracle import RAW
from .project import TINY, Project

CAPTIONS = "results/captions/nsd-captions-coco.csv"
INDEXES = "results/datasets/nsd/annotations/"
OBJECTS, PERSONS = (
    INDEXES + "coco_objects_annotations.csv",
    INDEXES + "coco_person_annotations.csv",
)
SCENES = "results/nsd/nsd_scenes_objects.parquet"
PARTITION = "results/nsd/prepared/subsets/animate.parquet"
SIZE = TINY["simulate"]["nsd"]["image_size"]


@pytest.fixture(scope="module")
def annotated(finished, tmp_path_factory) -> Project:
    """All of COCO's tables of the tiny dataset. Do not change it; copy it."""
    project = finished.copy(tmp_path_factory.mktemp("coco") / "project")
    project.snakemake("--quiet", "all", "--", CAPTIONS, OBJECTS, PERSONS, SCENES, PARTITION)
    return project


@pytest.fixture(scope="module")
def scenes(finished) -> list[dict]:
    content: list[dict] = json.loads((finished.root / RAW / "truth/scenes.json").read_text())
    return content


def test_captions_and_objects_are_those_of_the_scenes(annotated, scenes):
    captions = pd.read_csv(annotated.root / CAPTIONS, keep_default_na=False)
    assert captions["nsd_id"].tolist() == [scene["nsd_id"] for scene in scenes]
    assert captions["captions"].str.split(";").tolist() == [scene["captions"] for scene in scenes]
    objects = pd.read_csv(annotated.root / OBJECTS)
    listed = {(s["nsd_id"], t["category"]) for s in scenes for t in s["objects"]}
    beside = pd.read_csv(annotated.root / RAW / "truth/objects_beside.tsv", sep="\t")
    listed |= set(zip(beside["nsd_id"], beside["category"], strict=True))
    assert set(zip(objects["nsd_id"], objects["category"], strict=True)) == listed
    assert (annotated.root / PERSONS).read_text().startswith("nsd_id,coco_id,coco_split,person_")
    for path in (CAPTIONS, OBJECTS, PERSONS, SCENES):
        record = read_record(annotated.root / path)
        assert record is not None
        assert record["dataset_source"] == "simulated"


def test_scene_objects_are_those_of_shared_scenes(annotated, scenes):
    table = read_table(annotated.root / SCENES, SCENE_OBJECTS).to_pandas()
    info = pd.read_csv(annotated.root / RAW / "nsd_stim_info_merged.csv")
    shared = set(info.loc[info["shared1000"], "nsdId"])
    assert set(table["nsd_id"]) <= shared
    assert (table["image_width"] == SIZE).all()
    by_image = dict(iter(table.groupby("nsd_id")))
    for scene in scenes:
        if scene["nsd_id"] in shared and scene["objects"]:
            found = by_image[scene["nsd_id"]].iloc[: len(scene["objects"])]
            assert found["label"].tolist() == [thing["category"] for thing in scene["objects"]]
            corners = np.array([thing["bbox"] for thing in scene["objects"]])
            corners[:, 2:] += corners[:, :2]
            np.testing.assert_allclose(np.stack(found["box"].to_list()), corners, atol=0.02)
    record = read_record(annotated.root / SCENES)
    assert record is not None
    empty = sum(not s["objects"] for s in scenes if s["nsd_id"] in shared)
    assert (record["pictures"], record["pictures_without_objects"]) == (len(shared), empty)


def test_choices_reach_what_they_change_and_nothing_else(annotated, tmp_path):
    project = annotated.copy(tmp_path / "project")
    every = (CAPTIONS, OBJECTS, PERSONS, SCENES, PARTITION)
    assert project.pending(*every) == {}
    project.set("objects", geometry="crop")
    assert project.pending(*every) == {"index_coco_objects": 1, "select_partition": 1}
    project.set("objects", geometry="original", legacy_person_filter=True)
    assert project.pending(*every) == {"index_coco_persons": 1}
    project.set("objects", legacy_person_filter=False, raw_area=True)
    assert project.pending(*every) == {"list_scene_objects": 1}
    project.set("objects", raw_area=False)
    path = project.root / RAW / "annotations/captions_val2017.json"
    path.write_text(path.read_text() + " ")
    assert project.pending(*every) == {"index_coco_captions": 1}
