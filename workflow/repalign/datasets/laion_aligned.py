"""What LAION-fMRI's stimuli are, trial by trial of a subject: embeddings, captions and masks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import pandas as pd
import pyarrow as pa

from repalign.datasets.laion_embeddings import LaionEmbedding
from repalign.datasets.laion_metadata import read_laion_table
from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_file
from repalign.tables.columns import CATEGORY, field, table_of
from repalign.tables.laion_layout import CAPTION_COLUMNS, MASK_COLUMNS

_TRIAL = (
    field("trial", pa.uint16(), "trial of the subject over all sessions, from 0"),
    field("session", pa.uint8(), "session, from 1"),
    field("session_trial", pa.uint16(), "trial in the session, from 0: volume of its betas"),
    field("image_name", CATEGORY, "image that was shown"),
)
ALIGNED_CAPTIONS = pa.schema(
    [
        *_TRIAL,
        field("caption_idx", pa.uint8(), "rank of a caption by people, 1 the best; 0 of a model"),
        field("source", CATEGORY, "human or ai"),
        field("caption", pa.string(), "the caption"),
        field("origin_collection", CATEGORY, "batch of captions, or name of the model"),
        field("ai_model", CATEGORY, "name of the model; empty for people"),
    ]
)
"""Captions of each trial, those of a model first. Who wrote them is left out."""
ALIGNED_MASKS = pa.schema(
    [
        *_TRIAL,
        field("mask_row", pa.uint32(), "row in the file of masks"),
        field("noun", CATEGORY, "what was found"),
        field("instance_id", pa.uint16(), "which of several, 0 the best"),
        field("score", pa.float64(), "score of the detector"),
        field("box_x0", pa.float64(), "left edge of the box, pixels"),
        field("box_y0", pa.float64(), "upper edge"),
        field("box_x1", pa.float64(), "right edge"),
        field("box_y1", pa.float64(), "lower edge"),
        field("localized", pa.bool_(), "whether it was found at some place"),
    ]
)
"""Masks of each trial, in the order of their table. Trials of images without any have no row."""

_CHUNK_BYTES = 2**16


def subject_images(trials: pd.DataFrame, stimuli: pd.DataFrame, subject: int) -> pd.DataFrame:
    """Return the trials of a subject with the names of their images.

    Parameters
    ----------
    trials, stimuli : DataFrame
        Of the prepared dataset.
    subject : int
        Subject number.

    Returns
    -------
    DataFrame
        trial, session, session_trial and image_name, in the order of the recording.
    """
    own = trials[trials["subject"] == subject].sort_values("trial", ignore_index=True)
    names = stimuli.set_index("stimulus")["image_name"]
    shown = names.loc[own["stimulus"]].to_numpy()
    return own[["trial", "session", "session_trial"]].assign(image_name=shown)


def write_aligned_embedding(
    output: str | Path,
    shown: pd.DataFrame,
    embedding: LaionEmbedding,
    attributes: Mapping[str, Any],
) -> None:
    """Write the embedding of the image of each trial; the same content gives the same bytes.

    Parameters
    ----------
    output : str or Path
        HDF5 file to make: `embedding` (n_trials, width) float16, `image_name`, `session` and
        `session_trial`, a row a trial.
    shown : DataFrame
        As `subject_images` returns it.
    embedding : LaionEmbedding
        Of all images.
    attributes : mapping
        What the file says of itself, beside what `embedding` does.
    """
    values = embedding.rows(shown["image_name"].tolist())
    rows = max(1, min(len(values), _CHUNK_BYTES // (2 * values.shape[1])))
    with atomic_file(output) as temporary, h5py.File(temporary, "w", track_order=False) as file:
        chunks = (rows, values.shape[1])
        file.create_dataset("embedding", data=values, chunks=chunks, track_times=False)
        text = h5py.string_dtype()
        names = shown["image_name"].tolist()
        file.create_dataset("image_name", data=names, dtype=text, track_times=False)
        for name in ("session", "session_trial"):
            file.create_dataset(name, data=shown[name].to_numpy(), track_times=False)
        for name, value in sorted({**embedding.attributes, **attributes}.items()):
            file.attrs[name] = value


def aligned_captions(shown: pd.DataFrame, captions: str | Path) -> pa.Table:
    """Return the captions of each trial.

    Parameters
    ----------
    shown : DataFrame
        As `subject_images` returns it.
    captions : str or Path
        `task-images_desc-captions.csv`, read as text: "None" is a caption.

    Returns
    -------
    pyarrow.Table
        Columns of `ALIGNED_CAPTIONS`; within a trial by `caption_idx`.

    Raises
    ------
    RepalignError
        If the table has other columns or values, or an image has no caption.
    """
    table = read_laion_table(captions, "the captions of LAION-fMRI", CAPTION_COLUMNS)
    _check_words(table["source"], ("human", "ai"), captions)
    table["caption_idx"] = _number(table["caption_idx"], captions)
    uncaptioned = sorted({*shown["image_name"]} - {*table["image_name"]})
    if uncaptioned:
        raise _error(
            f"no caption of {uncaptioned[0]!r} ({len(uncaptioned)} like it)",
            captions,
            "captions of every image",
        )
    ordered = table.sort_values("caption_idx", kind="stable")
    return _aligned(shown, ordered, ALIGNED_CAPTIONS)


def aligned_masks(shown: pd.DataFrame, masks: str | Path) -> pa.Table:
    """Return which masks belong to the image of each trial.

    Parameters
    ----------
    shown : DataFrame
        As `subject_images` returns it.
    masks : str or Path
        `task-images_desc-segmentations_metadata.csv`, read as text: "null" is a noun.

    Returns
    -------
    pyarrow.Table
        Columns of `ALIGNED_MASKS`; within a trial in the order of the table. Trials of images
        without masks, such as those that one subject alone sees, have no row.

    Raises
    ------
    RepalignError
        If the table has other columns or values.
    """
    table = read_laion_table(masks, "the table of segmentations of LAION-fMRI", MASK_COLUMNS)
    _check_words(table["localized"], ("0", "1"), masks)
    for name in MASK_COLUMNS[3:9]:
        table[name] = _number(table[name], masks)
    table["mask_row"] = _number(table["mask_row"], masks)
    table["localized"] = table["localized"] == "1"
    return _aligned(shown, table, ALIGNED_MASKS)


def _aligned(shown: pd.DataFrame, table: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    """Return the rows of a table for each trial, in the order of both."""
    joined = shown.merge(table.reset_index(drop=True), on="image_name", how="inner", sort=False)
    joined = joined.sort_values("trial", kind="stable")
    return table_of(schema, {name: joined[name].to_numpy() for name in schema.names})


def _number(values: pd.Series[Any], path: str | Path) -> pd.Series[Any]:
    """Return a column of numbers, or name the first row that holds none."""
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers.isna().any():
        row = int(numbers.isna().to_numpy().argmax())
        where = f"{path}, data row {row + 1}"
        raise _error(f"{values.iloc[row]!r} in column {values.name}", where, "a number")
    return numbers


def _check_words(values: pd.Series[str], words: tuple[str, ...], path: str | Path) -> None:
    """Refuse a column that holds other words."""
    strange = ~values.isin(words)
    if strange.any():
        row = int(strange.to_numpy().argmax())
        where = f"{path}, data row {row + 1}"
        raise _error(f"{values.name} {values.iloc[row]!r}", where, f"one of {', '.join(words)}")


def _error(found: str, where: str | Path, expected: str) -> RepalignError:
    remedy = "Fetch or make the file again; results/laion/validation.html says what is wrong."
    return RepalignError(found, where=where, expected=expected, remedy=remedy)
