"""Objects in the pictures that were shown: the published table, and what it says of a picture."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from repalign.errors import RepalignError
from repalign.tables.coco_tables import SCENE_OBJECTS, shown_boxes
from repalign.tables.parquet import read_table, write_table

log = logging.getLogger("repalign")

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


def wanted_pictures(stimuli: str | Path, which: Literal["shared", "all"]) -> list[int]:
    """Return the images whose objects are wanted, ascending.

    Parameters
    ----------
    stimuli : str or Path
        `stimuli.parquet` of the prepared dataset.
    which : {"shared", "all"}
        Those that all subjects see, or all that trials show.

    Raises
    ------
    RepalignError
        If there are none.
    """
    table = read_table(stimuli).to_pandas()
    chosen = table["shared"] if which == "shared" else table["coco_split"] != ""
    if not chosen.any():
        raise RepalignError(
            "no image that all subjects see" if which == "shared" else "no image",
            where=stimuli,
            expected="images whose objects are wanted",
            remedy="Set objects.images to all.",
        )
    return sorted(table.loc[chosen, "nsd_id"].astype(int).tolist())


def annotated(
    objects: pd.DataFrame, pictures: Sequence[int], size: tuple[int, int], *, crowds: bool
) -> list[Detections]:
    """Take the objects of pictures from COCO's annotations.

    Parameters
    ----------
    objects : DataFrame
        Columns of `COCO_OBJECTS`.
    pictures : sequence of int
        Ids.
    size : tuple of int
        Width and height of the shown pictures, pixels.
    crowds : bool
        Whether regions that mark a crowd count.

    Returns
    -------
    list of Detections
        One a picture, with the objects of which the shown square keeps something, in COCO's
        order; their confidence is 1.
    """
    chosen = (objects["shown"] > 0) & (crowds | ~objects["crowd"])
    kept = objects[chosen].assign(place=np.arange(int(chosen.sum())))
    boxes = shown_boxes(kept) * np.array([*size, *size])
    rows: dict[Any, pd.DataFrame] = dict(iter(kept.groupby("nsd_id")))
    empty = kept.iloc[:0]
    return [
        Detections(
            picture,
            size,
            own["category_id"].to_numpy(np.int64),
            own["category"].astype(str).tolist(),
            np.ones(len(own)),
            boxes[own["place"].to_numpy(np.int64)],
        )
        for picture in pictures
        for own in [rows.get(picture, empty)]
    ]


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


def write_scene_objects(
    output: str | Path, found: Sequence[Detections], record: Mapping[str, Any], *, clip: bool
) -> None:
    """Write the published table of objects.

    Parameters
    ----------
    output : str or Path
        The file to make.
    found : sequence of Detections
        One a picture.
    record : mapping
        Provenance; the numbers of pictures and of those without objects are added.
    clip : bool
        As for `scene_table`.
    """
    n_empty = sum(not one.labels for one in found)
    log.info("no objects in %d of %d pictures", n_empty, len(found))
    counts = {"pictures": len(found), "pictures_without_objects": n_empty}
    write_table(output, scene_table(found, clip=clip), {**record, **counts})


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
