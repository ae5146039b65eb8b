"""COCO's people in NSD images, with their keypoints: `coco_person_annotations.csv`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from repalign.datasets.coco_file import (
    CocoFile,
    Entry,
    coco_error,
    is_number,
    is_numbers,
    is_outline,
    is_whole,
)
from repalign.datasets.nsd_coco import Picture, read_splits
from repalign.tables.coco_tables import KEYPOINTS

COLUMNS = (
    "nsd_id", "coco_id", "coco_split", "person_image_id", "num_keypoints", "area", *KEYPOINTS,
    "bbox", "segmentation",
)  # fmt: skip


def read_persons(files: Sequence[str | Path], pictures: Sequence[Picture]) -> dict[str, CocoFile]:
    """Read the people in NSD images.

    Parameters
    ----------
    files : sequence of str or Path, length 2
        `person_keypoints_train2017.json` and `person_keypoints_val2017.json`.
    pictures : sequence of Picture
        Images that are wanted.

    Returns
    -------
    dict of str to CocoFile
        By split.

    Raises
    ------
    RepalignError
        If a file is not what it should be, or its keypoints are others.
    """
    checks = {
        "area": is_number,
        "bbox": is_numbers(4),
        "num_keypoints": is_whole,
        "keypoints": is_numbers(3 * len(KEYPOINTS)),
        "segmentation": is_outline,
    }
    found = read_splits(files, pictures, checks)
    for file in found.values():
        for number, category in file.categories.items():
            if category.get("keypoints") != list(KEYPOINTS):
                place = f"{file.path}, categories (id {number})"
                names = f"keypoints {category.get('keypoints')!r:.60}"
                raise coco_error(names, place, ", ".join(KEYPOINTS))
    return found


def persons_index(
    files: Mapping[str, CocoFile], pictures: Sequence[Picture], *, legacy_filter: bool
) -> pd.DataFrame:
    """Make the table of people.

    Parameters
    ----------
    files : mapping of str to CocoFile
        As `read_persons` gives them. A picture that they do not have shows no people.
    pictures : sequence of Picture
        Images, in the order of the table.
    legacy_filter : bool
        Whether people without keypoints are left out of train2017 alone, as published.
        Otherwise they are left out of both splits.

    Returns
    -------
    DataFrame
        Columns of `COLUMNS`, in order of image and annotation. `person_image_id` counts the
        people of an image from 0 on, those that are left out included. A keypoint is the text
        ``(x, y)``, and empty where it is not labelled. `segmentation` is JSON as in COCO.
    """
    rows: list[tuple[Any, ...]] = []
    for picture in pictures:
        keep_all = legacy_filter and picture.split == "val2017"
        entries = files[picture.split].annotations.get(picture.coco_id, [])
        image = (picture.nsd_id, picture.coco_id, picture.split)
        for k, entry in enumerate(entries):
            if keep_all or entry["num_keypoints"] > 0:
                rows.append((*image, k, *_person(entry)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _person(entry: Entry) -> tuple[Any, ...]:
    """Return the columns of one person after those that say where it is."""
    points = zip(*(iter(entry["keypoints"]),) * 3, strict=True)
    texts = [f"({x}, {y})" if visible >= 1 else "" for x, y, visible in points]
    box = f"({', '.join(repr(float(value)) for value in entry['bbox'])})"
    outline = entry["segmentation"]
    if isinstance(outline, list):
        outline = [polygon.ravel() for polygon in outline]
    plain = json.dumps(outline, default=np.ndarray.tolist)
    return (entry["num_keypoints"], float(entry["area"]), *texts, box, plain)
