"""Schemas of the tables of mouse scans, checked where they are written."""

from __future__ import annotations

import pandera.pandas as pa
import pyarrow

from repalign.tables.columns import field
from repalign.tables.scan_names import KEY

_TIER = pa.Check.isin(["train", "validation", "test", "final_test"])
_KEY = pa.Check.str_matches(rf"^{KEY}$")


def _column(dtype: str, description: str, *checks: pa.Check, nullable: bool = False) -> pa.Column:
    return pa.Column(dtype, list(checks), description=description, nullable=nullable)


SCAN_TRIALS = pa.DataFrameSchema(
    {
        "data_key": _column("str", "animal, session and scan", _KEY),
        "subject": _column("int64", "number of the animal"),
        "session": _column("int64", "number of the session of the animal"),
        "run": _column("int64", "number of the scan in the session"),
        "file": _column("int64", "number of the trial's files, from 0; says nothing of time"),
        "tier": _column("str", "set that the trial belongs to", _TIER),
        "image_class": _column("str", "source of the image, such as imagenet"),
        "image_id": _column("int64", "number of the image in its class", pa.Check.ge(0)),
        "stimulus_id": _column("str", "class and number of the image in one text"),
        "pixels": _column("str", "digest of shape and pixels", pa.Check.str_matches(r"^\w{32}$")),
        "repetition": _column("int64", "earlier trials of the image", pa.Check.ge(0)),
        "order": _column("int64", "rank in time, from 0; by file number where that is hidden"),
        "trial_idx": _column("str", "number of the trial as stored, with gaps, or its hash"),
        "withheld": _column("bool", "whether the responses were taken out of the files"),
        "shown_at": _column("str", "time of the trial as stored; empty if it is not"),
        "pupil_radius": _column("float64", "radius of the pupil"),
        "pupil_radius_change": _column("float64", "its derivative"),
        "speed": _column("float64", "absolute speed of the treadmill"),
        "pupil_x": _column("float64", "centre of the pupil, horizontal"),
        "pupil_y": _column("float64", "centre of the pupil, vertical"),
    },
    strict=True,
    ordered=True,
    unique=["file"],
    description="One row a trial, sorted by file number.",
)

SCAN_NEURONS = pa.DataFrameSchema(
    {
        "data_key": _column("str", "animal, session and scan", _KEY),
        "unit_id": _column("int64", "number of the neuron, unique in its scan only"),
        "neuroid_id": _column("str", "data key and number in one text"),
        "area": _column("str", "area of the cortex"),
        "layer": _column("str", "layer of the cortex"),
        "x": _column("float64", "place, micrometres; NaN if not stored", nullable=True),
        "y": _column("float64", "the same", nullable=True),
        "z": _column("float64", "the same", nullable=True),
        "same_cell": _column("int64", "unit that may be the same cell; -1: none"),
        "same_cell_correlation": _column(
            "float64", "correlation of their responses; NaN: none", nullable=True
        ),
    },
    strict=True,
    ordered=True,
    unique=["unit_id"],
    description="One row a neuron, in the order of the responses.",
)

CEILINGS = pyarrow.schema(
    [
        field("data_key", pyarrow.string(), "animal, session and scan"),
        field("unit_id", pyarrow.int64(), "number of the neuron, unique in its scan only"),
        field("area", pyarrow.string(), "area of the cortex"),
        field("layer", pyarrow.string(), "layer of the cortex"),
        field("fev", pyarrow.float64(), "fraction of explainable variance of single trials"),
        field("oracle_jackknife", pyarrow.float64(), "correlation with other repetitions' mean"),
        field("oracle_conservative", pyarrow.float64(), "sqrt(S / (S + V)), an upper estimate"),
        field("split_half", pyarrow.float64(), "Spearman-Brown of halves of the repetitions"),
        field("nc_testset", pyarrow.float64(), "noise ceiling of mean responses, 0 to 100"),
        field("n_images", pyarrow.int64(), "repeated test images"),
        field("repeats_min", pyarrow.int64(), "fewest repetitions of one of them"),
        field("repeats_max", pyarrow.int64(), "most repetitions of one of them"),
        field("mean_response", pyarrow.float64(), "mean over test trials; withheld: NaN"),
        field("std_response", pyarrow.float64(), "standard deviation over test trials, ddof 1"),
        field("silent", pyarrow.bool_(), "whether no trial with responses differs from another"),
    ]
)
"""Columns of `ceilings.parquet`. Measures are NaN for silent neurons and for withheld tests."""
