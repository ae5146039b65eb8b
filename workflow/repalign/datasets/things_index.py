"""The published index files of THINGS: trials, categories, and captions of the images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from repalign.datasets.csv_columns import read_csv
from repalign.datasets.things_trials import with_image_index
from repalign.errors import RepalignError
from repalign.kernels.showings import chronological_count
from repalign.tables.columns import CATEGORY, field, table_of

STIMULUS_INDEX = pa.schema(
    [
        field("subject_id", pa.uint8(), "subject number, from 1"),
        field("session", pa.uint8(), "session number, from 1"),
        field("run", pa.uint8(), "run in the session, from 1"),
        field("things_id", pa.uint16(), "image, from 0: row in feature files"),
        field("subject_index", pa.uint16(), "trial of the subject, from 0"),
        field("session_index", pa.uint16(), "trial in the session, from 0"),
        field("run_index", pa.uint16(), "trial among those of equal run number, all sessions"),
        field("repetition", pa.uint8(), "showing of the image to the subject, from 1"),
        field("image_name", pa.string(), "file name without suffix"),
        field("category_id", pa.uint16(), "concept, from 0: row of unique_id.csv"),
        field("category", CATEGORY, "name of the concept"),
        field("image_category_index", pa.uint8(), "image in its concept, from 1"),
        field("trial_type", CATEGORY, "train: shown once; test: shown in every session"),
    ]
)
"""Columns of `stimulus_index.parquet`, in order. `run_index` counts over all sessions, as
published."""

CAPTION_COLUMNS = ("things_id", "name", "category", "category_id", "caption")
"""Columns of `captions.csv`."""
N_MEMBERSHIPS = 27


def stimulus_index(shown: pd.DataFrame, images: pd.DataFrame) -> pa.Table:
    """Make `stimulus_index`: every response trial of every subject.

    Parameters
    ----------
    shown : DataFrame
        As `things_trials.read_stimulus_metadata` returns it.
    images : DataFrame
        As `things_trials.read_things_images` returns it.

    Returns
    -------
    pyarrow.Table
        The columns of `STIMULUS_INDEX`, ordered by subject and trial.
    """
    table = with_image_index(shown, images)
    subject = table["subject"].to_numpy(dtype=np.int64)
    image = table["things_id"].to_numpy(dtype=np.int64)

    def counted(within: np.ndarray[tuple[int], np.dtype[np.int64]], size: int) -> pd.Series[int]:
        return pd.Series(chronological_count(subject * size + within))

    columns = {
        **{name: table[name] for name in STIMULUS_INDEX.names if name in table},
        "subject_id": table["subject"],
        "subject_index": pd.Series(chronological_count(subject)),
        "session_index": counted(table["session"].to_numpy(), 1000),
        "run_index": counted(table["run"].to_numpy(), 1000),
        "repetition": counted(image, len(images)) + 1,
    }
    return table_of(STIMULUS_INDEX, {name: column.to_numpy() for name, column in columns.items()})


def categories_index(
    concepts: Sequence[str], memberships_path: str | Path, tags_path: str | Path
) -> pd.DataFrame:
    """Make `categories.csv`: every concept with its higher-level categories.

    Parameters
    ----------
    concepts : sequence of str
        Names of the concepts in the order of `unique_id.csv`.
    memberships_path : str or Path
        `category_mat_manual.tsv`: a header with 27 categories and a row of 0 and 1 a concept, in
        the same order.
    tags_path : str or Path
        `categorization.tsv`: without a header, a row a concept with the categories that people
        named, as many as there are.

    Returns
    -------
    DataFrame
        category_id (from 0), category_name, the 27 columns (0 or 1) and tags: the categories that
        people named, each once, sorted and joined by semicolons.

    Raises
    ------
    RepalignError
        If a table cannot be read, has another number of rows than there are concepts, the first
        not 27 columns, or a value other than 0 and 1.

    Notes
    -----
    The published code joins an unordered set, so that its tags change from run to run.
    """
    members = _read_tsv(memberships_path)
    if len(members) != len(concepts) or members.shape[1] != N_MEMBERSHIPS:
        raise _error(
            f"{len(members)} rows of {members.shape[1]} columns",
            memberships_path,
            f"{len(concepts)} rows, one a concept, of {N_MEMBERSHIPS} categories",
        )
    values = members.apply(pd.to_numeric, errors="coerce")
    wrong = ~values.isin([0, 1]).to_numpy()
    if wrong.any():
        row, column = (int(k) for k in np.argwhere(wrong)[0])
        raise _error(f"{members.iloc[row, column]!r} in column {members.columns[column]}",
                     f"{memberships_path}, data row {row + 1}", "0 or 1")  # fmt: skip
    tags = _read_tags(tags_path)
    if len(tags) != len(concepts):
        raise _error(f"{len(tags)} rows", tags_path, f"{len(concepts)} rows, one a concept")
    table = pd.DataFrame({"category_id": range(len(concepts)), "category_name": list(concepts)})
    clash = sorted({*members.columns} & {*table.columns, "tags"})
    if clash or members.columns.duplicated().any():
        raise _error(f"columns {list(members.columns)}", memberships_path, "different names")
    joined: pd.DataFrame = pd.concat([table, values.astype(np.int64)], axis=1)
    return joined.assign(tags=tags)


def captions_index(captions_path: str | Path, images: pd.DataFrame) -> pd.DataFrame:
    """Make `captions.csv` from the file of generated captions.

    Parameters
    ----------
    captions_path : str or Path
        Table with the columns things_id, image_name and caption, a row an image.
    images : DataFrame
        As `things_trials.read_things_images` returns it.

    Returns
    -------
    DataFrame
        The columns of `CAPTION_COLUMNS`, a row an image in the order of `things_id`.
        `category_id` has 16 bits: published, it has 8 and wraps at 256 (1,854 concepts).

    Raises
    ------
    RepalignError
        If the captions are not one an image, or ids and names do not go together.
    """
    captions = read_csv(captions_path, "captions of THINGS")
    missing = [k for k in ("things_id", "image_name", "caption") if k not in captions]
    if missing:
        raise _error(f"no column {missing[0]}", captions_path, "things_id, image_name, caption")
    captions = captions.sort_values("things_id", kind="stable", ignore_index=True)
    if captions["things_id"].tolist() != images["things_id"].tolist():
        raise _error(f"{len(captions)} captions", f"{captions_path}, column things_id",
                     f"one for each of the {len(images)} images")  # fmt: skip
    other = (captions["image_name"] != images["image_name"]).to_numpy()
    if other.any():
        row = int(other.argmax())
        raise _error(
            f"{captions['image_name'][row]} as image {row}",
            f"{captions_path}, column image_name",
            f"{images['image_name'][row]}",
        )
    return pd.DataFrame(
        {
            "things_id": images["things_id"].astype(np.uint16),
            "name": images["image_name"],
            "category": images["category"],
            "category_id": images["category_id"].astype(np.uint16),
            "caption": captions["caption"].fillna(""),
        }
    )


def _read_tsv(path: str | Path) -> pd.DataFrame:
    """Read a tab-separated table as text."""
    try:
        return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise _error(f"no readable table ({error})", path, "a tab-separated table") from error


def _read_tags(path: str | Path) -> list[str]:
    """Read rows of different lengths; return the different tags of each, sorted and joined."""
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise _error(f"no readable table ({error})", path, "a tab-separated table") from error
    rows = [{tag.strip().strip('"') for tag in line.split("\t")} - {""} for line in lines]
    return [";".join(sorted(row)) for row in rows]


def _error(found: str, where: str | Path, expected: str) -> RepalignError:
    return RepalignError(
        found, where=where, expected=expected, remedy="Fetch or make the file again."
    )
