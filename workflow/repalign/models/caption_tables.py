"""Captions as tables: those of a user, those of the workflow, and corrections by hand."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_file

TEXT_COLUMNS = ("caption", "model", "prompt")
"""What is added to the columns of an index of images."""
CORRECTIONS = ("id", "caption", "reason")

Ids = npt.NDArray[np.int64]


def read_texts(
    path: str | Path, id_column: str, needed: Sequence[str] = ("caption",)
) -> pd.DataFrame:
    """Read a table of texts: every cell as it stands, `NA`, `None` and `null` included.

    Parameters
    ----------
    path : str or Path
        Comma-separated, with a header.
    id_column : str
        Column with the ids of the images, whole numbers.
    needed : sequence of str
        Further columns that must be there.

    Returns
    -------
    DataFrame
        All columns as text, but for the ids, int64.

    Raises
    ------
    RepalignError
        If the file cannot be read, lacks a column, a row has more or fewer fields than the
        header (a comma in a text that is not quoted), or an id is no whole number or there twice.
    """
    table = _read(path)
    absent = [name for name in (id_column, *needed) if name not in table.columns]
    if absent:
        found = f"columns {', '.join(table.columns)}"
        raise _error(found, path, f"columns {', '.join((id_column, *needed))}")
    ids = table[id_column].str.strip()
    wrong = ~ids.str.fullmatch(r"\d{1,18}").to_numpy(dtype=bool)
    if wrong.any():
        row = int(wrong.argmax())
        found = f"{ids.iloc[row]!r} in column {id_column}"
        raise _error(found, f"{path}, data row {row + 1}", "a whole number")
    table[id_column] = ids.astype(np.int64)
    repeated = table[id_column].duplicated().to_numpy()
    if repeated.any():
        row = int(repeated.argmax())
        found = f"{id_column} {table[id_column].iloc[row]} again"
        raise _error(found, f"{path}, data row {row + 1}", "each image once")
    return table


def read_index(path: str | Path) -> pd.DataFrame:
    """Read an index of images, or texts made from one; the first column is the id.

    Parameters
    ----------
    path : str or Path
        Comma-separated, as the workflow writes it.

    Returns
    -------
    DataFrame
        The first column as int64, all others as text as they stand.
    """
    with Path(path).open(newline="", encoding="utf-8") as file:
        id_column = next(csv.reader(file))[0]
    return read_texts(path, id_column, ())


def align_texts(table: pd.DataFrame, id_column: str, ids: Ids, path: str | Path) -> pd.DataFrame:
    """Put a user's table into the order of a dataset's images.

    Parameters
    ----------
    table : DataFrame
        As `read_texts` returns it.
    id_column : str
        Column with the ids.
    ids : ndarray of int64, shape (n_images,)
        All images of the dataset.
    path : str or Path
        The table's file, for messages.

    Returns
    -------
    DataFrame
        caption, model and prompt of each image, in the order of `ids`. Where the table does not
        say the model or the prompt, they are `file` and empty.

    Raises
    ------
    RepalignError
        If an image has no row, or a row no image.
    """
    has = set(table[id_column].tolist())
    missing = [image for image in ids.tolist() if image not in has]
    if missing:
        found = f"no row for {len(missing)} images, such as {id_column} {missing[0]}"
        raise _error(found, path, f"all {len(ids)} images of the dataset")
    unknown = sorted(has - set(ids.tolist()))
    if unknown:
        found = f"{len(unknown)} ids of no image, such as {id_column} {unknown[0]}"
        raise _error(found, path, f"the {len(ids)} images of the dataset")
    rows = table.set_index(id_column).loc[ids]
    texts = pd.DataFrame({"caption": [text.strip() for text in rows["caption"]]})
    texts["model"] = rows["model"].to_numpy() if "model" in rows else "file"
    texts["prompt"] = rows["prompt"].to_numpy() if "prompt" in rows else ""
    return texts


def correct(
    table: pd.DataFrame, id_column: str, path: str | Path
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Replace captions by those of a table of corrections.

    Parameters
    ----------
    table : DataFrame
        Captions, with the columns `id_column` and caption.
    id_column : str
        Column with the ids.
    path : str or Path
        Comma-separated, with the columns id, caption and reason.

    Returns
    -------
    DataFrame
        The table with the corrections; the rest is as it was.
    dict
        What the record of the result says: count and sha256 of the corrections.

    Raises
    ------
    RepalignError
        If the corrections cannot be read, lack a column, are of an image that there is not or
        twice of one, are empty, or give no reason.
    """
    corrections = read_texts(path, "id", CORRECTIONS[1:])
    for column in CORRECTIONS[1:]:
        empty = (corrections[column].str.strip() == "").to_numpy(dtype=bool)
        if empty.any():
            where = f"{path}, data row {int(empty.argmax()) + 1}"
            raise _error(f"no {column}", where, f"a {column} for every correction")
    rows = {image: k for k, image in enumerate(table[id_column].tolist())}
    unknown = [image for image in corrections["id"].tolist() if image not in rows]
    if unknown:
        raise _error(f"id {unknown[0]}", path, f"ids that are {id_column} of an image")
    texts = table["caption"].to_list()
    for image, text in zip(corrections["id"], corrections["caption"], strict=True):
        texts[rows[image]] = text.strip()
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return table.assign(caption=texts), {"count": len(corrections), "sha256": digest}


def check_empty(texts: Sequence[str], max_share: float, where: str | Path) -> int:
    """Count empty texts, and refuse too many of them.

    Parameters
    ----------
    texts : sequence of str
        Captions.
    max_share : float
        Largest share that is allowed, `captions.max_empty_share`.
    where : str or Path
        Their file, for the message.

    Returns
    -------
    int
        How many are empty.
    """
    n_empty = sum(not text.strip() for text in texts)
    if n_empty > max_share * len(texts):
        raise RepalignError(
            f"{n_empty} of {len(texts)} captions are empty",
            where=where,
            expected=f"a share of at most {max_share:g}",
            remedy=(
                "Look at the images, correct them in the table of captions.corrections, or raise "
                "captions.max_empty_share."
            ),
        )
    return n_empty


def write_texts(table: pd.DataFrame, output: str | Path) -> None:
    """Write a table of texts as CSV."""
    with atomic_file(output) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n", encoding="utf-8")


def _read(path: str | Path) -> pd.DataFrame:
    """Read a CSV file as text; every row has as many fields as the header."""
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            header, *rows = csv.reader(file, strict=True)
    except FileNotFoundError as error:
        raise _error("no such file", path, "a table of captions") from error
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
        raise _error(f"unreadable ({error})", path, "a comma-separated table, UTF-8") from error
    rows = [row for row in rows if row]
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            found, where = f"{len(row)} fields", f"{path}, data row {number}"
            raise _error(found, where, f"{len(header)}; quote texts with commas")
    if len(set(header)) < len(header):
        raise _error(f"columns {', '.join(header)}", path, "each column once")
    return pd.DataFrame(rows, columns=header, dtype=str)


def _error(found: str, where: str | Path, expected: str) -> RepalignError:
    return RepalignError(
        found,
        where=where,
        expected=expected,
        remedy="Correct the table and run the command again.",
    )
