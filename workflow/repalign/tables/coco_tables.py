"""Columns of the tables of objects in pictures: COCO's own, and the published one of NSD."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from repalign.tables.columns import CATEGORY, field

Float64 = npt.NDArray[np.float64]

SPLITS = ("train2017", "val2017")
"""Parts of COCO that NSD took pictures from, in the order of options."""

KEYPOINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip",
    "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip
"""COCO's keypoints of a person, in its order."""

COCO_OBJECTS = pa.schema(
    [
        field("nsd_id", pa.uint32(), "NSD image number, from 0"),
        field("coco_id", pa.uint32(), "COCO image number"),
        field("coco_split", CATEGORY, "COCO split: train2017 or val2017"),
        field("annotation", pa.uint64(), "COCO's number of the annotation"),
        field("category_id", pa.uint16(), "COCO's number of the category"),
        field("category", CATEGORY, "category"),
        field("supercategory", CATEGORY, "one of twelve groups of categories"),
        field("crowd", pa.bool_(), "whether the region is a crowd, not one object"),
        field("area", pa.float64(), "pixels of COCO's picture that the object covers"),
        field("x", pa.float64(), "left edge of the box, pixels of COCO's picture"),
        field("y", pa.float64(), "upper edge of the box, pixels of COCO's picture"),
        field("width", pa.float64(), "width of the box, pixels of COCO's picture"),
        field("height", pa.float64(), "height of the box, pixels of COCO's picture"),
        field("picture_width", pa.uint32(), "width of COCO's picture, pixels"),
        field("picture_height", pa.uint32(), "height of COCO's picture, pixels"),
        field("square_x0", pa.float64(), "left edge of the shown square, pixels likewise"),
        field("square_y0", pa.float64(), "upper edge of the shown square"),
        field("square_x1", pa.float64(), "right edge of the shown square"),
        field("square_y1", pa.float64(), "lower edge of the shown square"),
        field("shown", pa.float64(), "share of the object's area that the square keeps"),
        field("shown_area", pa.float64(), "share of the square that the object covers"),
    ]
)
"""A row an annotated object of an NSD image, in order of image and annotation."""

SCENE_OBJECTS = pa.schema(
    [
        field("nsd_id", pa.int64(), "NSD image number, from 0"),
        field("object_index", pa.int64(), "number of the object in its image, from 0"),
        field("label_id", pa.int64(), "COCO's number of the category"),
        field("label", pa.string(), "category"),
        field("confidence", pa.float64(), "confidence of the detector; 1 for annotations"),
        field("box", pa.list_(pa.float64()), "x0, y0, x1, y1 in pixels of the shown picture"),
        field("image_width", pa.int64(), "width of the shown picture, pixels"),
        field("image_height", pa.int64(), "height of the shown picture, pixels"),
        field("box_width", pa.float64(), "x1 - x0"),
        field("box_height", pa.float64(), "y1 - y0"),
        field("box_x0", pa.float64(), "left edge"),
        field("box_y0", pa.float64(), "upper edge"),
        field("box_x1", pa.float64(), "right edge"),
        field("box_y1", pa.float64(), "lower edge"),
        field("percent_area", pa.float64(), "area of the box as a fraction of the picture's"),
    ]
)
"""A row an object, in order of image and object; an image without objects has none."""


def square_edges(objects: pd.DataFrame) -> Float64:
    """Return the squares that were shown.

    Parameters
    ----------
    objects : DataFrame
        Columns of `COCO_OBJECTS`.

    Returns
    -------
    ndarray of float64, shape (n_objects, 4)
        x0, y0, x1, y1 in pixels of COCO's picture.
    """
    edges = [f"square_{end}" for end in ("x0", "y0", "x1", "y1")]
    return objects[edges].to_numpy(np.float64)


def shown_boxes(objects: pd.DataFrame) -> Float64:
    """Return the boxes of objects as shares of the square that was shown.

    Parameters
    ----------
    objects : DataFrame
        Columns of `COCO_OBJECTS`.

    Returns
    -------
    ndarray of float64, shape (n_objects, 4)
        x0, y0, x1, y1; below 0 or above 1 where the crop cuts an object.
    """
    square = square_edges(objects)
    corner = objects[["x", "y"]].to_numpy(float)
    both = np.hstack([corner, corner + objects[["width", "height"]].to_numpy(float)])
    origin, extent = square[:, :2], square[:, 2:] - square[:, :2]
    return np.asarray((both - np.tile(origin, 2)) / np.tile(extent, 2))
