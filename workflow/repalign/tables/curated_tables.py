"""Columns of the tables of the curated decoding set: labels of images, and trials with their fate.

Both are made for all images and all planned trials; what is left out says why.
"""

from __future__ import annotations

import pyarrow as pa

from repalign.tables.columns import CATEGORY, field

UNKNOWN = "unknown"
"""The label of an image in which nothing is annotated."""

FATES = ("", "beyond_max_trials", "not_acquired", "unknown_label", "equalised")
"""Values of `drop_reason`: kept, or the first reason in this order that applies."""

COCO_LABELS = pa.schema(
    [
        field("nsd_id", pa.uint32(), "NSD image number, from 0"),
        field("coco_id", pa.uint32(), "COCO picture that the image was cut from"),
        field("coco_split", CATEGORY, "COCO split of that picture: train2017 or val2017"),
        field(
            "labelled_coco_id",
            pa.uint32(),
            "COCO picture that the labels were read from: coco_id, unless id_lookup is "
            "list_position; missing where that lookup finds none",
        ).with_nullable(True),
        field("n_annotations", pa.uint16(), "annotations that count, crowds included if wanted"),
        field("supercats", pa.list_(pa.string()), "supercategory of each, in COCO's order"),
        field("cats", pa.list_(pa.string()), "category of each"),
        field("areas", pa.list_(pa.float64()), "pixels of COCO's picture that each covers"),
        field(
            "in_crop_areas",
            pa.list_(pa.float64()),
            "pixels of each inside the shown square; NaN if the labels are of another picture",
        ),
        field("supercat", CATEGORY, "supercategory that the rule chooses, or unknown"),
        field("cat", CATEGORY, "category that the rule chooses, or unknown"),
    ]
)
"""A row an NSD image, in ascending order of nsd_id."""

_PLANNED = [
    field("subject", pa.uint8(), "subject number"),
    field("trial", pa.uint16(), "planned trial of the subject, from 0"),
    field("session", pa.uint8(), "session number, from 1"),
    field("run_in_session", pa.uint8(), "run in the session, from 1"),
    field("run", pa.uint16(), "run in the experiment, from 1: the groups of run-wise folds"),
    field("trial_in_session", pa.uint16(), "trial in the session, from 0: volume of its file"),
    field("nsd_id", pa.uint32(), "NSD image number, from 0: the groups of image-wise folds"),
    field("coco_id", pa.uint32(), "COCO picture that the image was cut from"),
    field("repetition", pa.uint8(), "earlier showings of the image to the subject"),
    field("supercat", CATEGORY, "supercategory of the image, or unknown"),
    field("cat", CATEGORY, "category of the image, or unknown"),
]

LABELLED_TRIALS = pa.schema(
    [*_PLANNED, field("acquired", pa.bool_(), "whether the subject did the session")]
)
"""A row a planned trial of each selected subject, in order of subject and trial."""

CURATED_TRIALS = pa.schema(
    [
        *_PLANNED,
        field("keep", pa.bool_(), "whether the trial is in the curated set"),
        field("drop_reason", CATEGORY, f"why it is not: {', '.join(FATES[1:])}; else empty"),
    ]
)
"""The same trials; the kept ones of a subject are the rows of its matrices, in order."""

TSV_COLUMNS = (
    "row", "trial", "session", "run", "trial_in_session", "nsd_id", "coco_id", "repetition",
    "label",
)  # fmt: skip
"""Columns of `sub-XX_trials.tsv`, aligned with the rows of the matrix."""
