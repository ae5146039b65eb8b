"""COCO's objects in NSD images, in the whole picture and in the square that was shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from repalign.datasets.coco_file import (
    CocoFile,
    Entry,
    coco_error,
    is_flag,
    is_number,
    is_numbers,
    is_outline,
)
from repalign.datasets.nsd_coco import Picture, read_splits, with_annotations
from repalign.kernels.outlines import Rectangle, polygons_inside, runs_inside
from repalign.tables.coco_tables import COCO_OBJECTS, shown_boxes, square_edges

SQUARE_WITHIN = 0.05
"""The shown part is a square but for whole pixels; more than this share off is another crop."""

INSTANCE_CHECKS = {
    "area": is_number,
    "bbox": is_numbers(4),
    "iscrowd": is_flag,
    "segmentation": is_outline,
}
"""What annotations of `instances_*.json` must have."""


def read_instances(
    files: Sequence[str | Path], pictures: Sequence[Picture]
) -> dict[str, CocoFile]:
    """Read `instances_train2017.json` and `instances_val2017.json`; see `nsd_coco.read_splits`."""
    return read_splits(files, pictures, INSTANCE_CHECKS)


def objects_table(files: Mapping[str, CocoFile], pictures: Sequence[Picture]) -> pa.Table:
    """Make the table of all annotated objects.

    Parameters
    ----------
    files : mapping of str to CocoFile
        As `read_instances` gives them.
    pictures : sequence of Picture
        Images, in the order of the table.

    Returns
    -------
    pyarrow.Table
        Columns of `COCO_OBJECTS`: a row an object, in order of image and annotation.

    Raises
    ------
    RepalignError
        If an image is not in the file of its split, or what NSD shows of it is not a square.
    """
    rows: list[tuple[Any, ...]] = []
    for picture, file, entries in with_annotations(files, pictures):
        size = file.images[picture.coco_id]
        square = _square(picture, size, file.path)
        image = (picture.nsd_id, picture.coco_id, picture.split)
        rows += [(*image, *_object(entry, file, size, square)) for entry in entries]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(COCO_OBJECTS)
    arrays = [
        pa.array(values, field.type.value_type).dictionary_encode().cast(field.type)
        if pa.types.is_dictionary(field.type)
        else pa.array(values, field.type)
        for values, field in zip(columns, COCO_OBJECTS, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=COCO_OBJECTS)


def _square(picture: Picture, size: tuple[int, int], path: str) -> Rectangle:
    """Return the part of a picture that was shown, in its pixels."""
    top, bottom, left, right = picture.crop
    width, height = size
    square = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
    shown = square[2] - square[0], square[3] - square[1]
    if max(shown) > min(shown) * (1 + SQUARE_WITHIN) + 1:
        place = f"{path}, images (id {picture.coco_id})"
        found = f"{width} x {height} pixels, of which {shown[0]:.0f} x {shown[1]:.0f} are shown"
        expected = f"a square, left by the cropBox of NSD image {picture.nsd_id}"
        raise coco_error(found, place, expected)
    return square


def _object(
    entry: Entry, file: CocoFile, size: tuple[int, int], square: Rectangle
) -> tuple[Any, ...]:
    """Return the columns of one object after those of its image."""
    category = file.categories[entry["category_id"]]
    x, y, width, height = (float(value) for value in entry["bbox"])
    x0, y0, x1, y1 = square
    shown = _shown(entry, (x, y, x + width, y + height), square, file.path)
    return (
        entry["id"],
        entry["category_id"],
        category["name"],
        category["supercategory"],
        bool(entry["iscrowd"]),
        float(entry["area"]),
        x,
        y,
        width,
        height,
        *size,
        *square,
        shown,
        entry["area"] * shown / ((x1 - x0) * (y1 - y0)),
    )


def _shown(entry: Entry, box: Rectangle, square: Rectangle, path: str) -> float:
    """Return the share of an object's area that lies in the shown square.

    Outlines that enclose nothing are judged by their box.
    """
    near = [max(box[k], square[k]) for k in range(2)]
    far = [min(box[k + 2], square[k + 2]) for k in range(2)]
    # Edges of boxes and squares are rounded: a thousandth of a pixel is no cut.
    if all(abs(near[k] - box[k]) + abs(far[k] - box[k + 2]) < 1e-3 for k in range(2)):
        return 1.0
    if far[0] <= near[0] or far[1] <= near[1]:
        return 0.0
    outline = entry["segmentation"]
    if isinstance(outline, dict):
        height, width = outline["size"]
        try:
            total, inside = runs_inside(outline["counts"], (int(height), int(width)), square)
        except ValueError as error:
            place = f"{path}, segmentation of annotation {entry['id']}"
            raise coco_error(str(error), place, "runs of all pixels of the picture") from error
    else:
        total, inside = polygons_inside(outline, square)
    if not total:
        part = (far[0] - near[0]) * (far[1] - near[1])
        return part / ((box[2] - box[0]) * (box[3] - box[1]))
    return min(inside / total, 1.0)


def objects_index(
    table: pa.Table, geometry: Literal["original", "crop"], *, crowds: bool
) -> pd.DataFrame:
    """Make `coco_objects_annotations.csv`.

    Parameters
    ----------
    table : pyarrow.Table
        Columns of `COCO_OBJECTS`.
    geometry : {"original", "crop"}
        ``"original"``, as published: boxes and areas in COCO's picture, with objects that the
        crop takes away. ``"crop"``: objects of which the shown square keeps something, cut at
        its edges, in pixels from its upper left corner.
    crowds : bool
        Whether regions that mark a crowd are listed.

    Returns
    -------
    DataFrame
        nsd_id, coco_id, coco_split, category, supercategory, category_id, area (truncated to
        whole pixels), bbox as text ``(x, y, width, height)``; for ``"crop"`` also shown, the
        share of the object that was kept: below 1, the crop cuts it.
    """
    frame: pd.DataFrame = table.to_pandas()
    if not crowds:
        frame = frame[~frame["crowd"]]
    if geometry == "crop":
        frame = _cropped(frame[frame["shown"] > 0])
    edges = frame[["x", "y", "width", "height"]].to_numpy(float).tolist()
    index = frame[["nsd_id", "coco_id", "coco_split", "category", "supercategory", "category_id"]]
    index = index.assign(
        area=frame["area"].astype(np.int64),
        bbox=[f"({', '.join(map(repr, box))})" for box in edges],
    )
    if geometry == "crop":
        index = index.assign(shown=frame["shown"].round(4))
    return index.reset_index(drop=True)


def _cropped(frame: pd.DataFrame) -> pd.DataFrame:
    """Return objects in pixels from the corner of the shown square: two decimals, as COCO's."""
    x0, y0, x1, y1 = square_edges(frame).T
    across, down = x1 - x0, y1 - y0
    boxes = np.clip(shown_boxes(frame), 0, 1) * np.stack([across, down, across, down], axis=1)
    left, top, right, bottom = boxes.T
    return frame.assign(
        area=frame["area"] * frame["shown"],
        x=left.round(2),
        y=top.round(2),
        width=(right - left).round(2),
        height=(bottom - top).round(2),
    )
