"""Tables of LAION-fMRI, read as text: `None` and `null` are words, not missing values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from repalign.datasets.csv_columns import read_csv, to_integers
from repalign.errors import RepalignError
from repalign.tables.laion_layout import METADATA_COLUMNS, is_ood

KINDS = ("shared", "unique")
"""What `unique_or_shared` says."""


def read_laion_table(
    path: str | Path, name: str, columns: Sequence[str], *, separator: str = ","
) -> pd.DataFrame:
    """Read a table of the dataset and check its columns.

    Parameters
    ----------
    path : str or Path
        The file.
    name : str
        What it is, for messages.
    columns : sequence of str
        Columns that it must have, in this order.
    separator : str
        What separates them.

    Returns
    -------
    DataFrame
        All values as text, exactly as they are written.

    Raises
    ------
    RepalignError
        If it cannot be read, or has other columns.
    """
    table = read_csv(path, name, as_text=True, separator=separator)
    if tuple(table.columns) != tuple(columns):
        raise RepalignError(
            f"columns {', '.join(map(str, table.columns))}",
            where=path,
            expected=f"{', '.join(columns)}, in this order",
            remedy="Fetch or write the file again.",
        )
    return table


def read_metadata(path: str | Path) -> pd.DataFrame:
    """Read the table of images.

    Parameters
    ----------
    path : str or Path
        `task-images_metadata.csv`. Row i describes row i of the file of pictures: nothing else
        joins the two.

    Returns
    -------
    DataFrame
        image_name, dataset, participant (str), shared (bool), n_reps (int64), ood (bool), in the
        order of the file.

    Raises
    ------
    RepalignError
        If a name is empty or there twice, or a value is none of those that are published.
    """
    table = read_laion_table(path, "the table of images of LAION-fMRI", METADATA_COLUMNS)
    names = table["image_name"]
    bad = (names.str.strip() == "") | names.duplicated()
    if bad.any():
        row = int(bad.to_numpy().argmax())
        name = names.iloc[row]
        found = f"image_name {name!r} a second time" if name.strip() else "no image_name"
        raise _error(found, path, row, "every image once, by its name")
    strange = ~table["unique_or_shared"].isin(KINDS)
    if strange.any():
        row = int(strange.to_numpy().argmax())
        found = f"unique_or_shared {table['unique_or_shared'].iloc[row]!r}"
        raise _error(found, path, row, " or ".join(KINDS))
    to_integers(table, "n_reps", path)
    table["shared"] = table.pop("unique_or_shared") == "shared"
    table["ood"] = [is_ood(*pair) for pair in zip(table["dataset"], names, strict=True)]
    return table[["image_name", "dataset", "participant", "shared", "n_reps", "ood"]]


def _error(found: str, path: str | Path, row: int, expected: str) -> RepalignError:
    return RepalignError(
        found,
        where=f"{path}, data row {row + 1}",
        expected=expected,
        remedy="Fetch the file again.",
    )
