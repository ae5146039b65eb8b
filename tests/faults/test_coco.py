"""Broken annotation files: only what needs them fails, and the message names file and place."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ..workflow.project import Project
from .runs import RAW, fails, left_over, says

ANNOTATIONS = RAW + "/annotations"
CAPTIONS = "results/captions/nsd-captions-coco.csv"
OBJECTS = "results/datasets/nsd/annotations/coco_objects_annotations.csv"
PERSONS = "results/datasets/nsd/annotations/coco_person_annotations.csv"
PARTITION = "results/nsd/prepared/subsets/animate.parquet"


@pytest.fixture(scope="module")
def workbench(undisturbed, tmp_path_factory) -> Project:
    """One project for many tests: each breaks something, runs, and mends it."""
    return undisturbed.copy(tmp_path_factory.mktemp("coco") / "project")


def damage(project: Project, name: str, change: Callable[[dict[str, Any]], None]) -> None:
    path = project.root / ANNOTATIONS / name
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def without_captions(content: dict[str, Any]) -> None:
    image = content["annotations"][0]["image_id"]
    content["annotations"] = [a for a in content["annotations"] if a["image_id"] != image]


def of_no_category(content: dict[str, Any]) -> None:
    content["annotations"][3]["category_id"] = 12


def test_one_broken_file_of_each_kind_is_named_and_the_rest_is_made(workbench):
    names = ["captions_train2017.json", "instances_train2017.json",
             "person_keypoints_train2017.json"]  # fmt: skip
    good = {name: (workbench.root / ANNOTATIONS / name).read_bytes() for name in names}
    cut = workbench.root / ANNOTATIONS / names[2]
    cut.write_bytes(good[names[2]][:3000])
    damage(workbench, names[1], of_no_category)
    text = fails(workbench, CAPTIONS, PARTITION, PERSONS, words=["--keep-going"])
    says(text, names[2], "JSON that breaks at character", "of 3000", "unpack it")
    says(text, names[1], "annotations[3]", "category 12", "the list categories")
    made = [path for path in (CAPTIONS, PARTITION, PERSONS) if (workbench.root / path).exists()]
    assert made == [CAPTIONS]
    assert left_over(workbench) == []
    damage(workbench, names[0], without_captions)
    text = fails(workbench, CAPTIONS)
    says(text, names[0], "no caption of COCO image", "captions of every NSD image")
    for name, content in good.items():
        (workbench.root / ANNOTATIONS / name).write_bytes(content)
    workbench.snakemake("--quiet", "all", "--", CAPTIONS, PARTITION, PERSONS)


def test_a_file_that_is_not_there_is_named_with_its_setting(workbench):
    path = workbench.root / ANNOTATIONS / "instances_val2017.json"
    content = path.read_bytes()
    path.unlink()
    text = fails(workbench, OBJECTS)
    says(text, f"{ANNOTATIONS}/instances_val2017.json", "no readable file", "files")
    path.write_bytes(content)
    workbench.set("nsd", files={"instances": "annotations/{subject}.json"})
    says(fails(workbench, OBJECTS), "nsd.files.instances", "{subject}", "{split}")
    workbench.set("nsd", files={})
