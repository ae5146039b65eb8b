"""The published index files of BOLD5000: trials, images, and captions of the images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from repalign.datasets.bold5000_trials import with_image_ids
from repalign.datasets.csv_columns import read_csv
from repalign.errors import RepalignError
from repalign.kernels.showings import chronological_count
from repalign.tables.columns import CATEGORY, field, table_of

STIMULUS_INDEX = pa.schema(
    [
        field("subject", pa.uint8(), "subject number, from 1: CSI1 to CSI4"),
        field("session", pa.uint8(), "session number, from 1"),
        field("run", pa.uint8(), "run in the session, from 1"),
        field("bold_id", pa.uint32(), "image: row of its first presentation, so with gaps"),
        field("subject_index", pa.uint16(), "trial of the subject, from 0"),
        field("session_index", pa.uint16(), "trial in the session, from 0"),
        field("run_index", pa.uint8(), "trial in the run, from 0"),
        field("repetition", pa.uint8(), "showing of the image to the subject, from 1; counted"),
        field("name", pa.string(), "file name without suffix, in lower case"),
        field("stim_source", CATEGORY, "where the image is from: coco, imagenet or scenes"),
        field("image_name", pa.string(), "file name"),
        field("bold_position", pa.uint16(), "image: row in images.parquet and feature files"),
    ]
)
"""Columns of `stimulus_index.parquet`, in order. The published file lacks `bold_position`, which
the published analysis reads."""

IMAGES = pa.schema(
    [
        field("bold_id", pa.uint16(), "row of the first presentation, so with gaps"),
        field("image_name", pa.string(), "file name"),
        field("stim_source", CATEGORY, "where the image is from: coco, imagenet or scenes"),
        field("image_path", pa.string(), "file in the raw dataset"),
        field("bold_position", pa.uint16(), "number of the row, from 0: row in feature files"),
    ]
)
"""Columns of `images.parquet`, in order."""

CAPTION_COLUMNS = (
    "bold_id", "image_name", "stim_source", "image_path", "caption", "model", "prompt",
)  # fmt: skip
"""Columns of `captions.csv`: those of the image index, and of the file of captions."""


def stimulus_index(shown: pd.DataFrame, images: pd.DataFrame) -> pa.Table:
    """Make `stimulus_index`: every trial of every subject.

    Parameters
    ----------
    shown : DataFrame
        As `bold5000_trials.shown_to` returns it.
    images : DataFrame
        As `bold5000_trials.read_bold5000_images` returns it.

    Returns
    -------
    pyarrow.Table
        The columns of `STIMULUS_INDEX`, ordered by subject and trial.
    """
    table = with_image_ids(shown, images)
    subject = table["subject"].to_numpy(dtype=np.int64)
    session = subject * 1000 + table["session"].to_numpy()
    image = table["bold_position"].to_numpy(dtype=np.int64)
    columns = {
        **{name: table[name].to_numpy() for name in STIMULUS_INDEX.names if name in table},
        "subject_index": chronological_count(subject),
        "session_index": chronological_count(session),
        "run_index": chronological_count(session * 1000 + table["run"].to_numpy()),
        "repetition": chronological_count(subject * len(images) + image) + 1,
    }
    return table_of(STIMULUS_INDEX, columns)


def images_table(images: pd.DataFrame) -> pa.Table:
    """Make `images.parquet`.

    Parameters
    ----------
    images : DataFrame
        As `bold5000_trials.read_bold5000_images` returns it.

    Returns
    -------
    pyarrow.Table
        The columns of `IMAGES`, a row an image in the order of `bold_position`.
    """
    return table_of(IMAGES, {name: images[name].to_numpy() for name in IMAGES.names})


def captions_index(captions_path: str | Path, images: pd.DataFrame) -> pd.DataFrame:
    """Make `captions.csv` from the file of generated captions.

    Parameters
    ----------
    captions_path : str or Path
        Table with the columns of `CAPTION_COLUMNS`, a row an image.
    images : DataFrame
        As `bold5000_trials.read_bold5000_images` returns it.

    Returns
    -------
    DataFrame
        The columns of `CAPTION_COLUMNS`, in the order of `bold_position`.

    Raises
    ------
    RepalignError
        If the captions are not one an image, or ids and names do not go together.
    """
    captions = read_csv(captions_path, "captions of BOLD5000")
    missing = [name for name in CAPTION_COLUMNS if name not in captions]
    if missing:
        raise _error(f"no column {missing[0]}", captions_path, f"{', '.join(CAPTION_COLUMNS)}")
    captions = captions.sort_values("bold_id", kind="stable", ignore_index=True)
    if captions["bold_id"].tolist() != images["bold_id"].tolist():
        raise _error(f"{len(captions)} captions", f"{captions_path}, column bold_id",
                     f"one for each of the {len(images)} images")  # fmt: skip
    other = (captions["image_name"] != images["image_name"]).to_numpy()
    if other.any():
        row = int(other.argmax())
        raise _error(
            f"{captions['image_name'][row]} with bold_id {captions['bold_id'][row]}",
            f"{captions_path}, column image_name",
            f"{images['image_name'][row]}",
        )
    return captions[list(CAPTION_COLUMNS)]


def _error(found: str, where: str | Path, expected: str) -> RepalignError:
    return RepalignError(
        found, where=where, expected=expected, remedy="Caption the images of BOLD5000 again."
    )
