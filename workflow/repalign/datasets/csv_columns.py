"""Columns of CSV files of others: read, and refused with the row if they do not hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from repalign.errors import RepalignError


def read_csv(
    path: str | Path,
    name: str,
    *,
    as_text: bool = False,
    n_rows: int | None = None,
    separator: str = ",",
) -> pd.DataFrame:
    """Read a CSV file, or its first rows; say how to mend it if that is impossible.

    `as_text` keeps every field as it is written: "None" and "NA" are words, not missing values.
    """
    try:
        if as_text:
            return pd.read_csv(
                path,
                sep=separator,
                dtype=str,
                keep_default_na=False,
                na_filter=False,
                nrows=n_rows,
            )
        return pd.read_csv(path, sep=separator, nrows=n_rows)
    except FileNotFoundError as error:
        raise RepalignError(
            "no such file", where=path, expected=name, remedy="Fetch it, or correct its path."
        ) from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise RepalignError(
            f"a table that cannot be read ({error})",
            where=path,
            expected=f"{name}, {'tab' if separator == chr(9) else 'comma'}-separated",
            remedy="Fetch or write the file again.",
        ) from error


def to_flags(table: pd.DataFrame, name: str, path: str | Path) -> None:
    """Turn a column of 0/1 or True/False into bool, in place."""
    values = table[name]
    truth = (
        values.astype(str)
        .str.strip()
        .str.lower()
        .map({"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False})
    )
    if truth.isna().any():
        row = int(truth.isna().to_numpy().argmax())
        found = f"{_shown(values.iloc[row])} in column {name}"
        raise _error(found, path, row, "True or False (or 1 or 0)")
    table[name] = truth.astype(bool)


def to_integers(table: pd.DataFrame, name: str, path: str | Path) -> None:
    """Turn a column of whole numbers of at least 0 into int64, in place."""
    numbers = pd.to_numeric(table[name], errors="coerce")
    bad = (numbers.isna() | (numbers < 0) | (numbers % 1 != 0)).to_numpy()
    if bad.any():
        row = int(bad.argmax())
        found = f"{_shown(table[name].iloc[row])} in column {name}"
        raise _error(found, path, row, "a whole number of at least 0")
    table[name] = numbers.astype(np.int64)


def _shown(value: object) -> str:
    """Return a value for people: text in quotes, a number as itself."""
    return repr(value) if isinstance(value, str) else str(value)


def _error(found: str, path: str | Path, row: int, expected: str) -> RepalignError:
    return RepalignError(
        found,
        where=f"{path}, data row {row + 1}",
        expected=expected,
        remedy="Correct the value, or fetch or write the file again.",
    )
