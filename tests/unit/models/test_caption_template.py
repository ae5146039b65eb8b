"""Texts by fixed rules: functions of the objects that are in an image."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from repalign.models.answers import UNPARSED, parse_answer
from repalign.models.caption_template import (
    SeenObject,
    answer,
    name_sentence,
    read_objects_by_image,
)
from repalign.models.prompts import read_prompts
from repalign.simulate.scenes import COCO
from repalign.tables.coco_tables import COCO_OBJECTS
from repalign.tables.parquet import write_table

KINDS = {name: kind for kind, names in COCO.items() for name in names.values()}
PROMPTS = read_prompts(Path(__file__).parents[3] / "config/prompts.yaml")


def objects(**areas: float) -> list[SeenObject]:
    """Objects by category, `_` for a space and a number behind for more of one."""
    found = []
    for key, area in areas.items():
        name = key.rstrip("0123456789").replace("_", " ")
        found.append(SeenObject(name, KINDS[name], area))
    return found


@pytest.mark.parametrize(
    ("seen", "caption"),
    [
        ({}, "A picture of a place without objects."),
        ({"dog": 0.1}, "A picture of a dog."),
        ({"elephant": 0.1, "kite": 0.1}, "A picture of an elephant and a kite."),
        ({"person": 0.1, "person2": 0.1, "bus1": 0.2, "bus2": 0.1, "skis": 0.1},
         "A picture of two people, two buses and skis."),
        ({"mouse1": 0.1, "mouse2": 0.1}, "A picture of two computer mice."),
    ],
)  # fmt: skip
def test_captions_name_the_objects(seen, caption):
    assert answer("caption", objects(**seen)) == caption


def test_many_are_counted():
    assert answer("caption", objects(sheep=0.1) * 7) == "A picture of 7 sheep."


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ({}, "static"),
        ({"person": 0.4}, "static"),
        ({"person": 0.4, "chair": 0.2}, "static"),
        ({"person": 0.4, "bicycle": 0.2}, "motion"),
        ({"bicycle": 0.2}, "static"),
        ({"frisbee": 0.01}, "motion"),
        ({"dog": 0.01}, "motion"),
    ],
)
def test_sports_animals_and_riders_are_in_motion(seen, said):
    assert answer("motion", objects(**seen)) == said


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ({}, "natural"),
        ({"person": 0.9}, "natural"),
        ({"couch": 0.2, "dog": 0.1}, "indoor"),
        ({"couch": 0.1, "dog": 0.2}, "natural"),
        ({"car": 0.1, "stop_sign": 0.1, "dog": 0.15}, "urban"),
        ({"pizza": 0.5, "dining_table": 0.1}, "object"),
    ],
)
def test_places_are_where_most_objects_are_at_home(seen, said):
    assert answer("indoor", objects(**seen)) == said


@pytest.mark.parametrize(
    ("areas", "said"),
    [
        ((), "Scene-dominated"),
        ((0.08,), "Scene-dominated"),
        ((0.05, 0.05), "Object-in-Scene"),
        ((0.1, 0.1), "Object-dominated"),
    ],
)
def test_scenes_dominate_where_objects_cover_little(areas, said):
    seen = [SeenObject("dog", "animal", area) for area in areas]
    assert answer("scene", seen) == said


@pytest.mark.parametrize("question", ["motion", "indoor", "scene"])
def test_every_answer_is_an_allowed_one_and_none_is_never_given(question):
    allowed = PROMPTS[question].answers
    areas = (0.02, 0.07, 0.6)
    scenes = [[]] + [
        [SeenObject(name, KINDS[name], a) for name, a in zip(names, sizes, strict=True)]
        for names in itertools.combinations(list(KINDS)[::3], 2)
        for sizes in itertools.product(areas, repeat=2)
    ]
    said = {parse_answer(answer(question, seen), allowed) for seen in scenes}
    assert said == set(allowed)
    assert UNPARSED not in said


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"category": "hot_dog"}, "A picture of a hot dog."),
        ({"category": "orange1"}, "A picture of an orange."),
        ({"image_name": "COCO_train2014_000000420713.jpg", "stim_source": "coco"},
         "An everyday scene, number 420713 of COCO."),
        ({"image_name": "n01930112_19568.JPEG", "stim_source": "imagenet"},
         "A picture of something of the kind n01930112 in ImageNet."),
        ({"image_name": "HorseRaceTrack2.jpg", "stim_source": "scenes"},
         "A picture of a horse race track."),
        ({"image_name": "living room1.JPG", "stim_source": "scenes"},
         "A picture of a living room."),
        ({"image_name": "12.jpg", "stim_source": "scenes"}, "A picture of a scene."),
    ],
)  # fmt: skip
def test_names_become_sentences(row, said):
    assert name_sentence(row) == said


def test_objects_come_from_the_table_where_the_picture_shows_them(tmp_path):
    table = pd.DataFrame({field.name: np.zeros(3) for field in COCO_OBJECTS})
    table["nsd_id"] = [2, 2, 5]
    table["coco_split"] = "val2017"
    table["category"] = ["dog", "cat", "person"]
    table["supercategory"] = ["animal", "animal", "person"]
    table["crowd"] = False
    table["shown"] = [1.0, 0.0, 0.4]
    table["shown_area"] = [0.25, 0.0, 0.1]
    path = tmp_path / "objects.parquet"
    write_table(path, pa.Table.from_pandas(table, COCO_OBJECTS, preserve_index=False), {})
    assert read_objects_by_image(path) == {
        2: [SeenObject("dog", "animal", 0.25)],
        5: [SeenObject("person", "person", 0.1)],
    }
