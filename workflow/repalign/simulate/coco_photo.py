"""A whole COCO picture and its annotations, as they are made before they are written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]
Annotation = dict[str, Any]


@dataclass
class Photo:
    """A whole COCO picture, and what is annotated in it.

    Attributes
    ----------
    coco_id : int
        COCO's number.
    split : str
        One of `SPLITS`.
    size : tuple of int
        Width and height, pixels.
    captions : tuple of str
        In the order of the annotators.
    square : tuple of float
        What NSD shows of it: left, top, right and bottom edge, pixels.
    objects : list of dict
        Annotations as in `instances_*.json`, crowds last.
    beside : list of dict
        Those of `objects` that lie beside the square that NSD shows.
    """

    coco_id: int
    split: str
    size: tuple[int, int]
    captions: tuple[str, ...]
    square: tuple[float, float, float, float]
    objects: list[Annotation] = field(default_factory=list)
    beside: list[Annotation] = field(default_factory=list)


def annotation(
    photo: Photo, category: int, box: Float64, area: float, outline: object, *, crowd: bool = False
) -> Annotation:
    """Make an annotation as in `instances_*.json`; its number comes later."""
    return {
        "segmentation": outline,
        "area": area,
        "iscrowd": int(crowd),
        "image_id": photo.coco_id,
        "bbox": [round(float(edge), 2) for edge in box],
        "category_id": category,
        "id": 0,
    }


def polygon(box: Float64, area: float) -> list[float]:
    """Draw an outline of eight corners that touches all sides of a box and has an area.

    Corners are the middles of the sides and, between them, points on the diagonals, at a
    distance from the centre that gives the area: from a star over a diamond to the whole box.
    """
    x, y, width, height = box
    far = min(area / (width * height), 1.0) / 2
    corners = [(0, -0.5), (far, -far), (0.5, 0), (far, far), (0, 0.5), (-far, far), (-0.5, 0),
               (-far, -far)]  # fmt: skip
    points = np.array(corners) * [width, height] + [x + width / 2, y + height / 2]
    return [round(float(value), 2) for value in points.ravel()]
