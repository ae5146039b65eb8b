"""Objects in the pictures that were shown: the published table, and what it says of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from repalign.tables.coco_tables import SCENE_OBJECTS

Float64 = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]

DOMINANT_SHARE = 0.6
"""An object's box must exceed this share of the picture to dominate it."""
FEW_OBJECTS = 3
"""A picture with this many objects or more is dominated by none."""


@dataclass(frozen=True)
class Detections:
    """The objects of one picture, in the order in which they were found.

    Attributes
    ----------
    nsd_id : int
        The picture.
    size : tuple of int
        Its width and height, pixels.
    label_ids : ndarray of int64, shape (n,)
        COCO's number of each object's category.
    labels : sequence of str, length n
        Names of the categories.
    confidence : ndarray of float64, shape (n,)
        Between 0 and 1.
    boxes : ndarray of float64, shape (n, 4)
        x0, y0, x1, y1 in pixels of the picture; they may reach beyond it.
    """

    nsd_id: int
    size: tuple[int, int]
    label_ids: Ids
    labels: Sequence[str]
    confidence: Float64
    boxes: Float64


def scene_table(found: Sequence[Detections], *, clip: bool) -> pa.Table:
    """Make the published table of objects.

    Parameters
    ----------
    found : sequence of Detections
        One a picture, each picture once.
    clip : bool
        Whether boxes end at the edges of the picture. Otherwise, as published, an object that
        reaches beyond them can have more area than the picture.

    Returns
    -------
    pyarrow.Table
        Columns of `SCENE_OBJECTS`, sorted by nsd_id; a picture without objects has no row.
    """
    ordered = sorted(found, key=lambda one: one.nsd_id)
    counts = [len(one.labels) for one in ordered]
    sizes = np.repeat([one.size for one in ordered], counts, axis=0).reshape(-1, 2)
    boxes = np.concatenate([np.zeros((0, 4)), *(one.boxes for one in ordered)])
    if clip:
        boxes = np.clip(boxes, 0, np.tile(sizes, 2))
    extent = boxes[:, 2:] - boxes[:, :2]
    offsets = np.arange(0, 4 * len(boxes) + 1, 4, dtype=np.int32)
    columns = {
        "nsd_id": np.repeat(np.array([one.nsd_id for one in ordered], np.int64), counts),
        "object_index": np.concatenate([np.zeros(0, np.int64), *map(np.arange, counts)]),
        "label_id": np.concatenate([np.zeros(0, np.int64), *(one.label_ids for one in ordered)]),
        "label": pa.array([label for one in ordered for label in one.labels], pa.string()),
        "confidence": np.concatenate([np.zeros(0), *(one.confidence for one in ordered)]),
        "box": pa.ListArray.from_arrays(offsets, boxes.ravel()),
        "image_width": sizes[:, 0].astype(np.int64),
        "image_height": sizes[:, 1].astype(np.int64),
        "box_width": extent[:, 0],
        "box_height": extent[:, 1],
        **{f"box_{edge}": boxes[:, k] for k, edge in enumerate(("x0", "y0", "x1", "y1"))},
        "percent_area": extent.prod(axis=1) / sizes.prod(axis=1),
    }
    return pa.Table.from_pydict(columns, schema=SCENE_OBJECTS)


def object_dominated(objects: pd.DataFrame) -> Ids:
    """Return the pictures that one object dominates.

    Parameters
    ----------
    objects : DataFrame
        A row an object: `nsd_id` and `percent_area`, as in `nsd_scenes_objects.parquet`.

    Returns
    -------
    ndarray of int64, shape (n_dominated,)
        Ascending ids of pictures with fewer than three objects, of which one has a box of more
        than 0.6 of the picture.
    """
    if objects.empty:
        return np.zeros(0, np.int64)
    by_image = objects.groupby("nsd_id")["percent_area"].agg(["max", "size"])
    chosen = (by_image["max"] > DOMINANT_SHARE) & (by_image["size"] < FEW_OBJECTS)
    return np.asarray(by_image.index[chosen], np.int64)
