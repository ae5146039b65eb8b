"""The first caption of every image."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.datasets.csv_columns import to_integers
from repalign.errors import RepalignError

log = logging.getLogger("repalign")

SEPARATOR = ";"
"""Stands between the captions of an image."""

_COLUMNS = ("nsd_id", "captions")


def read_first_captions(path: str | Path) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Read the first caption of every image from COCO's captions.

    Parameters
    ----------
    path : str or Path
        Comma-separated, with the columns `nsd_id` and `captions` among others, in any order of
        rows. Texts such as `NA` and `None` are texts.

    Returns
    -------
    ids : ndarray of int64, shape (n_stimuli,)
        Images, ascending.
    captions : list of str
        What comes before the first semicolon, without spaces around it; may be empty.

    Raises
    ------
    RepalignError
        If the file cannot be read, a column is missing, or an image is no whole number or there
        twice.
    """
    try:
        table = pd.read_csv(path, na_filter=False, dtype={"captions": str}, encoding="utf-8")
    except (OSError, pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeError) as error:
        raise _error(f"a table that cannot be read ({error})", path) from error
    missing = [name for name in _COLUMNS if name not in table]
    if missing:
        raise _error(f"no column {missing[0]}", f"{path}, header")
    to_integers(table, "nsd_id", path)
    twice = table["nsd_id"].duplicated().to_numpy()
    if twice.any():
        row = int(twice.argmax())
        found = f"image {table['nsd_id'].iloc[row]} for the second time"
        raise _error(found, f"{path}, data row {row + 1}")
    table = table.sort_values("nsd_id")
    captions = [text.split(SEPARATOR)[0].strip() for text in table["captions"]]
    empty = captions.count("")
    if empty:
        log.warning("%s: %d of %d first captions are empty", path, empty, len(captions))
    return table["nsd_id"].to_numpy(dtype=np.int64), captions


def _error(found: str, where: str | Path) -> RepalignError:
    return RepalignError(
        found,
        where=where,
        expected="a row an image, columns nsd_id and captions (parted by semicolons)",
        remedy="Make the captions again, or correct the file.",
    )
