"""COCO annotation files of four small pictures, written by hand."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from repalign.datasets.nsd_coco import SPLITS, Picture
from repalign.tables.coco_tables import KEYPOINTS

Content = dict[str, Any]

PICTURES = [
    Picture(0, 70, "val2017", True, (0, 0, 0.25, 0.25)),
    Picture(1, 30, "train2017", False, (0.2, 0.3, 0, 0)),
    Picture(2, 90, "train2017", True, (0, 0, 0, 0)),
]
"""40 x 20, 20 x 40 and 24 x 24 pixels; picture 50 of train2017 is not NSD's."""

IMAGES = {
    "train2017": [(50, 30, 30), (90, 24, 24), (30, 20, 40)],
    "val2017": [(70, 40, 20)],
}
CATEGORIES = [
    # Place in the list and number differ, and the list is not sorted.
    {"supercategory": "animal", "id": 18, "name": "dog"},
    {"supercategory": "person", "id": 1, "name": "person"},
    {"supercategory": "food", "id": 59, "name": "pizza"},
]
CAPTIONS = {
    "train2017": [
        (90, 11, "A dog."), (30, 3, "Pizza; hot"), (50, 2, "Not NSD's."), (90, 4, "  It's a dog"),
        (30, 40, "None"),
    ],
    "val2017": [(70, 5, 'People, "three" of them\n'), (70, 1, "NA")],
}  # fmt: skip


def square(x: float, y: float, width: float, height: float) -> list[list[float]]:
    """The outline of a box."""
    return [[x, y, x + width, y, x + width, y + height, x, y + height]]


def thing(
    number: int, image: int, category: int, box: tuple, area: float | None = None, crowd: int = 0
) -> Content:
    """An annotation of `instances_*.json` that fills its box."""
    return {
        "segmentation": square(*box),
        "area": box[2] * box[3] if area is None else area,
        "iscrowd": crowd,
        "image_id": image,
        "bbox": list(box),
        "category_id": category,
        "id": number,
    }


def crowd(number: int, image: int, category: int, box: tuple, size: tuple[int, int]) -> Content:
    """A crowd that fills its box, as run lengths down the columns; `size` is width, height."""
    x, y, width, height = box
    inside = [x <= k // size[1] < x + width and y <= k % size[1] < y + height
              for k in range(size[0] * size[1])]  # fmt: skip
    counts, last = [0], False
    for value in inside:
        if value != last:
            counts.append(0)
            last = value
        counts[-1] += 1
    made = thing(number, image, category, box, crowd=1)
    return {**made, "segmentation": {"counts": counts, "size": [size[1], size[0]]}}


OBJECTS = {
    "train2017": [
        thing(900, 90, 18, (4, 6, 12.5, 10), area=99.9),
        thing(7, 30, 59, (2, 20, 8, 16)),
        thing(3, 50, 1, (0, 0, 5, 5)),
        thing(12, 90, 1, (0, 0, 24, 24)),
        thing(8, 30, 18, (1, 2, 3, 4)),
    ],
    "val2017": [
        thing(20, 70, 1, (0, 5, 20, 10)),
        crowd(21, 70, 1, (5, 2, 10, 8), (40, 20)),
        thing(22, 70, 1, (31, 5, 5, 5)),
        thing(23, 70, 59, (12, 4, 3, 0), area=0.5),
    ],
}


def keypoints(*visible: int) -> list[int]:
    """Keypoints at (k, 2 k), of which some are labelled."""
    flags = [2 if k in visible else 0 for k in range(len(KEYPOINTS))]
    return [value for k, flag in enumerate(flags) for value in (k * flag, k * flag, flag)]


def person(entry: Content, *visible: int) -> Content:
    """An annotation of `person_keypoints_*.json`."""
    return {**entry, "keypoints": keypoints(*visible), "num_keypoints": len(visible)}


PEOPLE = {
    "train2017": [
        person(OBJECTS["train2017"][3], 0, 16),
        person(thing(13, 90, 1, (1, 1, 4, 4))),
        person(OBJECTS["train2017"][2], 1),
    ],
    "val2017": [
        person(OBJECTS["val2017"][0]),
        person(OBJECTS["val2017"][1]),
        person(OBJECTS["val2017"][2], 5),
    ],
}


def content(kind: str, split: str) -> Content:
    """What a file holds; a copy that a test may change."""
    annotations: dict[str, Any] = {
        "captions": [
            {"image_id": image, "id": number, "caption": text}
            for image, number, text in CAPTIONS[split]
        ],
        "instances": OBJECTS[split],
        "person_keypoints": PEOPLE[split],
    }
    made: Content = {
        "info": {"description": "by hand", "year": 2017},
        "licenses": [{"id": 1, "name": "none", "url": ""}],
        "images": [
            {"license": 1, "file_name": f"{number:012d}.jpg", "height": height, "width": width,
             "id": number}
            for number, width, height in IMAGES[split]
        ],
        "annotations": annotations[kind],
    }  # fmt: skip
    if kind == "instances":
        made["categories"] = CATEGORIES
    if kind == "person_keypoints":
        made["categories"] = [{**CATEGORIES[1], "keypoints": list(KEYPOINTS), "skeleton": []}]
    return copy.deepcopy(made)


def write(folder: Path, kind: str, **changed: Content) -> list[Path]:
    """Write the files of both splits, some with other content; return their paths."""
    paths = []
    for split in SPLITS:
        path = folder / f"{kind}_{split}.json"
        path.write_text(json.dumps(changed.get(split, content(kind, split))))
        paths.append(path)
    return paths
