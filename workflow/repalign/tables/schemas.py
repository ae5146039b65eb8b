"""Schemas of the small tables of a prepared dataset, checked where they are written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa
import pyarrow

from repalign.errors import RepalignError
from repalign.tables.parquet import write_table


def _column(dtype: str, description: str, *checks: pa.Check, unique: bool = False) -> pa.Column:
    return pa.Column(dtype, list(checks), description=description, unique=unique)


TRIALS = pa.DataFrameSchema(
    {
        "subject": _column("uint8", "subject number", pa.Check.ge(1)),
        "trial": _column("uint16", "row in the response matrices, from 0"),
        "session": _column("uint8", "session number, from 1", pa.Check.ge(1)),
        "session_trial": _column("uint16", "trial in the session, from 0"),
        "run": _column("uint8", "run in the session, from 1; 0 where the source does not say"),
        "stimulus": _column("uint32", "row in stimuli.parquet and in feature files, from 0"),
        "repetition": _column("uint8", "earlier showings of the stimulus to the subject"),
        "shared": _column("bool", "whether all subjects are shown the stimulus"),
    },
    strict=True,
    ordered=True,
    unique=["subject", "trial"],
    description="One row a recorded trial, sorted by subject and trial.",
)


def _stimuli(*own: tuple[str, pa.Column]) -> pa.DataFrameSchema:
    """Return the schema of a dataset's stimuli: the dense index, and columns of its own."""
    index = _column("uint32", "dense index, from 0: row in feature files", unique=True)
    return pa.DataFrameSchema(
        {"stimulus": index, **dict(own)},
        strict=True,
        ordered=True,
        description="One row a stimulus, sorted by stimulus.",
    )


STIMULI = {
    "nsd": _stimuli(
        ("nsd_id", _column("uint32", "NSD image number, from 0", unique=True)),
        ("nsd_id_1based", _column("uint32", "the same from 1, as NSD's file names have it")),
        ("coco_id", _column("uint32", "COCO image number")),
        ("coco_split", _column("str", "COCO split, such as train2017")),
        ("shared", _column("bool", "whether all subjects are shown it")),
        ("flagged", _column("bool", "flagged by the authors of NSD as perhaps inappropriate")),
        ("bold5000", _column("bool", "also in BOLD5000")),
        ("file", _column("str", "file that holds the picture")),
        ("row", _column("uint32", "row in that file")),
    ),
    "bold5000": _stimuli(
        ("bold_position", _column("uint32", "number of the image, from 0: the same", unique=True)),
        ("bold_id", _column("uint32", "row of its first presentation, with gaps", unique=True)),
        ("name", _column("str", "file name without suffix, in lower case", unique=True)),
        ("image_name", _column("str", "file name")),
        ("subset", _column("str", "source", pa.Check.isin(["coco", "imagenet", "scenes"]))),
        ("file", _column("str", "file that holds the picture")),
    ),
    "things": _stimuli(
        ("things_id", _column("uint32", "number of the image, from 0: the same", unique=True)),
        ("image_name", _column("str", "file name without suffix", unique=True)),
        ("category", _column("str", "name of the concept")),
        ("category_id", _column("uint16", "number of the concept, from 0")),
        (
            "subset",
            _column(
                "str", "train, test, or empty if never shown", pa.Check.isin(["train", "test", ""])
            ),
        ),
        ("file", _column("str", "file that holds the picture")),
    ),
    "laion": _stimuli(
        (
            "laion_id",
            _column("uint32", "row of the table of images, from 0: the same", unique=True),
        ),
        ("image_name", _column("str", "file name", unique=True)),
        ("dataset", _column("str", "where the image is from, as the table of images spells it")),
        ("shared", _column("bool", "whether all subjects are shown it")),
        ("owner", _column("uint8", "subject that alone is shown it; 0 if shared")),
        ("n_reps", _column("uint8", "planned showings to a subject")),
        ("short", _column("bool", "whether a subject that it is for saw it less often")),
        ("ood", _column("bool", "whether it is out of distribution")),
        ("ood_category", _column("str", "kind of image out of distribution; empty for others")),
    ),
    "mouse": _stimuli(
        ("image_id", _column("uint32", "number of the image in the scans: the same", unique=True)),
        ("image_class", _column("str", "source of the image, such as imagenet")),
        ("stimulus_id", _column("str", "class and number of the image in one text")),
        ("pixels", _column("str", "digest of shape and pixels")),
        (
            "subset",
            _column(
                "str",
                "tier, or empty if it is in several",
                pa.Check.isin(["train", "validation", "test", "final_test", ""]),
            ),
        ),
        ("file", _column("str", "data key and file number of its first showing")),
    ),
}
"""Columns of `stimuli.parquet` of each dataset."""


def write_checked(
    path: str | Path, frame: pd.DataFrame, schema: pa.DataFrameSchema, record: Mapping[str, Any]
) -> None:
    """Check a table against its schema and write it as parquet.

    Parameters
    ----------
    path : str or Path
        The file to make.
    frame : DataFrame
        The table.
    schema : pandera.DataFrameSchema
        What it must be.
    record : mapping
        Provenance.

    Raises
    ------
    RepalignError
        Naming the first columns and rows that do not fit.
    """
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases[["column", "check", "failure_case", "index"]]
        raise RepalignError(
            f"{len(cases)} value(s) that do not fit:\n{cases.head(5).to_string(index=False)}",
            where=path,
            expected=schema.description,
            remedy="Look at the raw tables that it is made from.",
        ) from error
    table = pyarrow.Table.from_pandas(frame, preserve_index=False)
    write_table(path, table.replace_schema_metadata(None), record)
