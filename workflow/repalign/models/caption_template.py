"""Texts about images by fixed rules, from the names of objects or files: no model is run.

They stand in where nothing else is there, for simulated data and for trying things out. What
makes them useful is that they are true of the image as far as its objects go, and that the
answers to the three questions are functions of the objects alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pyarrow.compute as pc

from repalign.tables.coco_tables import COCO_OBJECTS
from repalign.tables.parquet import read_table

MODEL = "template"
"""What the column `model` says of such texts."""

_PLACES = {
    "indoor": {"furniture", "electronic", "appliance", "kitchen", "indoor"},
    "urban": {"vehicle", "outdoor"},
    "natural": {"animal", "sports"},
    "object": {"food", "accessory"},
}
"""Where objects of each supercategory are at home, in the order that decides between equals."""
_RIDDEN = {"bicycle", "motorcycle", "skateboard", "horse", "elephant", "boat"}
_SCENE_BELOW, _OBJECT_FROM = 1 / 12, 1 / 6
"""Share of the picture that objects cover: less is scene-dominated, more object-dominated. In
simulated pictures, about half are below the first and one in twelve is above the second."""
_IRREGULAR = {
    "person": "people", "sheep": "sheep", "skis": "skis", "scissors": "scissors",
    "broccoli": "broccoli", "knife": "knives", "mouse": "computer mice",
}  # fmt: skip
_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


@dataclass(frozen=True)
class SeenObject:
    """An object in an image: COCO's names, and the share of the picture that it covers."""

    category: str
    supercategory: str
    area: float


Objects = Sequence[SeenObject]


def read_objects_by_image(path: str | Path) -> dict[int, list[SeenObject]]:
    """Read the annotated objects that NSD's pictures show something of.

    Parameters
    ----------
    path : str or Path
        `coco_objects.parquet`, with the columns of `coco_tables.COCO_OBJECTS`.

    Returns
    -------
    dict of int to list of SeenObject
        By nsd_id, of images that have any, in the order of COCO's annotations.

    Raises
    ------
    RepalignError
        If the file cannot be read or has other columns.
    """
    table = read_table(path, COCO_OBJECTS)
    shown = table.filter(pc.greater(table["shown"], 0))
    names = ("nsd_id", "category", "supercategory", "shown_area")
    found: dict[int, list[SeenObject]] = {}
    columns = (shown[name].to_pylist() for name in names)
    for image, category, supercategory, area in zip(*columns, strict=True):
        found.setdefault(image, []).append(SeenObject(category, supercategory, area))
    return found


def sentence(objects: Objects) -> str:
    """Name the objects of an image: "A picture of two people and a dog."."""
    counts = Counter(item.category for item in objects)
    names = [_counted(name, n) for name, n in counts.items()]
    if not names:
        return "A picture of a place without objects."
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"A picture of {listed}."


def motion(objects: Objects) -> str:
    """Say whether something moves: sports gear, an animal, or a person on a vehicle or animal."""
    kinds = {item.supercategory for item in objects}
    names = {item.category for item in objects}
    rides = "person" in kinds and bool(names & _RIDDEN)
    return "motion" if rides or kinds & {"sports", "animal"} else "static"


def place(objects: Objects) -> str:
    """Say where an image was taken: where the objects that cover most are at home."""
    covered = dict.fromkeys(_PLACES, 0.0)
    for item in objects:
        for name, kinds in _PLACES.items():
            if item.supercategory in kinds:
                covered[name] += item.area
    # People are at home everywhere; a picture without any other object shows open country.
    return max(covered, key=lambda name: covered[name]) if any(covered.values()) else "natural"


def level(objects: Objects) -> str:
    """Say whether the scene or its objects dominate: by the share of the picture they cover."""
    share = sum(item.area for item in objects)
    if share < _SCENE_BELOW:
        return "Scene-dominated"
    return "Object-in-Scene" if share < _OBJECT_FROM else "Object-dominated"


def answer(prompt: str, objects: Objects) -> str:
    """Return the text of one image.

    Parameters
    ----------
    prompt : {"caption", "motion", "indoor", "scene"}
        Named prompt.
    objects : sequence of SeenObject
        Of the image.
    """
    rules = {"caption": sentence, "motion": motion, "indoor": place, "scene": level}
    return rules[prompt](objects)


def name_sentence(row: Mapping[str, object]) -> str:
    """Return the text of an image of BOLD5000 or THINGS, from what its index says.

    Parameters
    ----------
    row : mapping
        With `category`, or with `image_name` and `stim_source`.
    """
    if "category" in row:
        # Concepts with several meanings have a number: `bat1`.
        words = re.sub(r"\d+$", "", str(row["category"])).replace("_", " ")
        return f"A picture of {_counted(words, 1)}."
    stem = PurePosixPath(str(row["image_name"])).stem
    if row["stim_source"] == "coco":
        return f"An everyday scene, number {stem.split('_')[-1].lstrip('0')} of COCO."
    if row["stim_source"] == "imagenet":
        return f"A picture of something of the kind {stem.split('_')[0]} in ImageNet."
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", re.sub(r"[\d_ ]+", " ", stem)).strip().lower()
    return f"A picture of {_counted(words, 1)}." if words else "A picture of a scene."


def _counted(name: str, count: int) -> str:
    """Put a noun with its number or article."""
    if count == 1:
        alone = name in ("skis", "scissors", "broccoli")
        return name if alone else f"{'an' if name[:1] in 'aeiou' else 'a'} {name}"
    ending = "es" if name.endswith(("s", "sh", "ch", "x")) else "s"
    return f"{_NUMBERS.get(count, str(count))} {_IRREGULAR.get(name, name + ending)}"
