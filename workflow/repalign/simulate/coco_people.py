"""People in simulated pictures: where their keypoints are, and which of them are labelled."""

from __future__ import annotations

from typing import Any

import numpy as np

from repalign.tables.coco_tables import KEYPOINTS

PERSON = 1
"""COCO's number of the category."""
UNLABELLED_SHARE = 0.15
"""Share of people of whom no keypoint is labelled."""

# Places as shares of the person's box, seen from the front; one of each pair is mirrored.
_MIDDLE = {"nose": (0.5, 0.10)}
_RIGHT = {
    "eye": (0.46, 0.08), "ear": (0.42, 0.09), "shoulder": (0.30, 0.25), "elbow": (0.20, 0.42),
    "wrist": (0.15, 0.55), "hip": (0.38, 0.55), "knee": (0.37, 0.75), "ankle": (0.36, 0.95),
}  # fmt: skip
_BONES = (
    ("left_ankle", "left_knee"), ("left_knee", "left_hip"), ("right_ankle", "right_knee"),
    ("right_knee", "right_hip"), ("left_hip", "right_hip"), ("left_shoulder", "left_hip"),
    ("right_shoulder", "right_hip"), ("left_shoulder", "right_shoulder"),
    ("left_shoulder", "left_elbow"), ("right_shoulder", "right_elbow"),
    ("left_elbow", "left_wrist"), ("right_elbow", "right_wrist"),
)  # fmt: skip


def person_category() -> dict[str, Any]:
    """Describe the one category of `person_keypoints_*.json`."""
    places = {name: k for k, name in enumerate(KEYPOINTS, start=1)}
    return {
        "supercategory": "person",
        "id": PERSON,
        "name": "person",
        "keypoints": list(KEYPOINTS),
        "skeleton": [[places[one], places[other]] for one, other in _BONES],
    }


def person_annotation(entry: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Add keypoints to the annotation of a person.

    Parameters
    ----------
    entry : dict
        As in `instances_*.json`.
    rng : numpy.random.Generator
        Chooses which keypoints are labelled (2 visible, 1 hidden) and which are not (0).

    Returns
    -------
    dict
        As in `person_keypoints_*.json`. A crowd has no keypoints.
    """
    x, y, width, height = entry["bbox"]
    visible = rng.choice(3, len(KEYPOINTS), p=[0.2, 0.2, 0.6])
    if rng.random() < UNLABELLED_SHARE or entry["iscrowd"]:
        visible[:] = 0
    points: list[int] = []
    for name, flag in zip(KEYPOINTS, visible.tolist(), strict=True):
        across, down = _place(name)
        place = [round(x + across * width), round(y + down * height)] if flag else [0, 0]
        points += [*place, flag]
    return {
        "segmentation": entry["segmentation"],
        "num_keypoints": int((visible > 0).sum()),
        "area": entry["area"],
        "iscrowd": entry["iscrowd"],
        "keypoints": points,
        "image_id": entry["image_id"],
        "bbox": entry["bbox"],
        "category_id": PERSON,
        "id": entry["id"],
    }


def _place(name: str) -> tuple[float, float]:
    """Return where a keypoint lies in the box of a person who faces the viewer."""
    if name in _MIDDLE:
        return _MIDDLE[name]
    side, part = name.split("_")
    across, down = _RIGHT[part]
    return (across if side == "right" else 1 - across, down)
