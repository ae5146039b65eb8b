"""Tables below `config/`: tab-separated, a header of known columns, one thing a row."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from repalign.errors import RepalignError


def read_config_rows(
    path: str | Path, columns: Sequence[str], name: str, remedy: str
) -> list[tuple[str, dict[str, str]]]:
    """Read the rows of a table, blank lines left out.

    Parameters
    ----------
    path : str or Path
        The table.
    columns : sequence of str
        The columns that it must have, in order.
    name : str
        What it is, for messages.
    remedy : str
        What to do where it is missing or no such table.

    Returns
    -------
    list of (str, dict of str to str)
        Of each row the place, for messages, and the fields by column.

    Raises
    ------
    RepalignError
        If the table cannot be read, or its header or a row has other fields.
    """
    expected = f"a tab-separated table with the columns {', '.join(columns)}"
    try:
        with Path(path).open(newline="", encoding="utf-8") as file:
            header, *lines = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True)
    except (OSError, ValueError, csv.Error) as error:
        raise RepalignError(
            f"no {name} ({error})", where=path, expected=expected, remedy=remedy
        ) from error
    if header != list(columns):
        raise RepalignError(
            f"columns {', '.join(header)}", where=path, expected=expected, remedy=remedy
        )
    rows = []
    for k, fields in enumerate(lines, start=2):
        if not fields:
            continue
        where = f"{path}, row {k}"
        if len(fields) != len(columns):
            raise RepalignError(
                f"{len(fields)} fields",
                where=where,
                expected=f"{len(columns)}: {', '.join(columns)}",
                remedy="Mend the row; fields are separated by tabs.",
            )
        rows.append((where, dict(zip(columns, fields, strict=True))))
    return rows
