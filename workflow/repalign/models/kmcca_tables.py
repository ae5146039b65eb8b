"""Columns of the tables of multi-view CCA: its own, and the two published ones."""

from __future__ import annotations

import pyarrow as pa

from repalign.models.partitions import SUPERCATEGORIES
from repalign.tables.columns import CATEGORY, field

_ID = field("nsd_id", pa.uint32(), "NSD image number, from 0")
_ROI = field("roi", CATEGORY, "area of both hemispheres, or hub of several areas")

COMPONENTS = pa.schema(
    [
        _ROI,
        field("component", pa.uint8(), "number of the component, from 1, most shared first"),
        _ID,
        field("score", pa.float64(), "mean over subjects of their values of the image"),
        field("eigenvalue", pa.float64(), "1 if no subject shares the component with another"),
        field("shared_percent", pa.float64(), "eigenvalue in percent of the sum of all"),
        field("heldout_correlation", pa.float64(), "between subjects, on images not fitted to"),
        field("n_subjects", pa.uint8(), "subjects with responses of the region"),
        field("areas", CATEGORY, "areas that the region consists of here"),
    ]
)
"""Every region's components: a row a region, component and image, in this order."""

_ANNOTATIONS = {
    **{
        name: field(name, pa.uint8(), f"1 if COCO lists {name} in the image")
        for name in SUPERCATEGORIES
    },
    "motion": field("motion", pa.uint8(), "1 if the image was said to show motion"),
    "static": field("static", pa.uint8(), "1 if the image was said to be static"),
    "image_category": field(
        "image_category", CATEGORY, "sports, person_action, animal, scene or object"
    ),
    "image_color": field("image_color", CATEGORY, "colour of the category in figures"),
    "environment": field("environment", CATEGORY, "indoor, outdoor natural or urban, or object"),
    "environment2": field("environment2", CATEGORY, "the same, with `life` where there is any"),
    "scene_dominated": field("scene_dominated", CATEGORY, "answer: scene or object dominates"),
    "life": field("life", pa.bool_(), "whether a person or an animal is in the image"),
    "category2": field("category2", CATEGORY, "image_category for people"),
    "biology": field("biology", CATEGORY, "Animated (Animal), Animated (Human) or Inanimate"),
    "scene_dominated2": field(
        "scene_dominated2", CATEGORY, "Scene-dominated, Elements-in-Scene or Element-dominated"
    ),
}
_BEFORE_ROI = (*SUPERCATEGORIES, "motion", "static", "image_category", "image_color")
_AFTER_ROI = (
    "environment", "environment2", "scene_dominated", "life", "category2", "biology",
    "scene_dominated2",
)  # fmt: skip

ANNOTATIONS = pa.schema([_ID, *(_ANNOTATIONS[name] for name in (*_BEFORE_ROI, *_AFTER_ROI))])
"""What is known of each image; a row an image, in ascending order."""

PROJECTIONS = pa.schema(
    [
        _ID,
        field("cca_1", pa.float64(), "the image on the first component of the region"),
        field("cca_2", pa.float64(), "the image on the second component of the region"),
        *(_ANNOTATIONS[name] for name in _BEFORE_ROI),
        _ROI,
        *(_ANNOTATIONS[name] for name in _AFTER_ROI),
    ]
)
"""The published table of images on components."""

TOP_WORDS = pa.schema(
    [
        field("hub", CATEGORY, "EVC, Ventral or LOTC"),
        field("token", pa.string(), "word of the first caption"),
        field("score", pa.float64(), "mean of cca_1 over the images with the word"),
        field("n_images", pa.uint16(), "images with the word"),
        field("pvalue", pa.float64(), "two-sided, of permuted images, (b + 1) / (N + 1)"),
    ]
)
"""The published table of words: columns hub, token and score, with two more."""
