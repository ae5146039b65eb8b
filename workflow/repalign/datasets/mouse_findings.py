"""What is odd about a mouse scan without making it unusable: reported, with file and row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_file


class Finding(NamedTuple):
    """One thing that a careful reader of a scan should know."""

    code: str
    """What kind of thing, for programs; docs/mouse.md lists them."""
    file: str
    """The file in the scan."""
    row: str
    """The trial, the neuron or the column in it; empty for the whole file."""
    found: str
    """What is there."""
    expected: str
    """What the layout says."""


def write_findings(path: str | Path, findings: Sequence[Finding]) -> None:
    """Write findings as CSV, in the order in which they were found.

    Parameters
    ----------
    path : str or Path
        The file to make; it has a header even where nothing was found.
    findings : sequence of Finding
        What was found.
    """
    frame = pd.DataFrame(findings, columns=list(Finding._fields))
    with atomic_file(path) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n")


def rows_text(rows: Sequence[int], most: int = 5) -> str:
    """Name rows for people, the first ones and how many more there are."""
    shown = ", ".join(map(str, rows[:most]))
    return shown + (f" and {len(rows) - most} more" if len(rows) > most else "")


def refuse_scan(found: str, where: str, expected: str, remedy: str = "") -> RepalignError:
    """Return the error of a scan whose numbers would come out wrong."""
    remedy = remedy or "Fetch the scan again, or ask those who made it."
    return RepalignError(found, where=where, expected=expected, remedy=remedy)
