"""Trial order from BIDS event files: one `events.tsv` a run, entities in its name."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from repalign.errors import RepalignError

_ENTITIES = re.compile(r"sub-(?P<sub>[A-Za-z0-9]+)_ses-(?P<ses>[A-Za-z0-9]+)_.*run-(?P<run>\d+)")
_NUMBER = re.compile(r"\d+$")


def read_events(paths: Sequence[str | Path], columns: Sequence[str]) -> pd.DataFrame:
    """Read the events of many runs in the order of the recording.

    Parameters
    ----------
    paths : sequence of str or Path
        Files named `sub-<label>_ses-<label>_..._run-<number>_events.tsv`. Subject and session are
        the numbers that their labels end with: `CSI1` is 1, `things01` is 1.
    columns : sequence of str
        Columns to read beside `onset`.

    Returns
    -------
    DataFrame
        A row an event: subject, session, run (int), onset (float, seconds) and `columns` (str),
        ordered by subject, session, run and row.

    Raises
    ------
    RepalignError
        If a name lacks an entity, a run is there twice, a column is missing, or the onsets of a
        run do not ascend (a trial there twice, or rows out of order).
    """
    runs: dict[tuple[int, int, int], Path] = {}
    for path in map(Path, paths):
        key = _entities(path)
        if key in runs:
            raise _error(
                f"subject {key[0]}, session {key[1]}, run {key[2]} a second time", path,
                f"each run once; {runs[key]} holds it already", "Remove one of the two files.",
            )  # fmt: skip
        runs[key] = path
    rows = []
    for key in sorted(runs):
        events = _read_run(runs[key], ("onset", *columns))
        onsets = [onset for onset, *_ in events]
        late = [k for k in range(1, len(onsets)) if onsets[k] <= onsets[k - 1]]
        if late:
            raise _error(
                f"onset {onsets[late[0]]} after {onsets[late[0] - 1]}",
                f"{runs[key]}, data row {late[0] + 1}", "ascending onsets, each trial once",
                "Remove the repeated row, or fetch the file again.",
            )  # fmt: skip
        rows += [(*key, *event) for event in events]
    return pd.DataFrame(rows, columns=["subject", "session", "run", "onset", *columns])


def _entities(path: Path) -> tuple[int, int, int]:
    """Return subject, session and run from a file's name."""
    match = _ENTITIES.match(path.name)
    numbers = [_NUMBER.search(match[name]) if match else None for name in ("sub", "ses", "run")]
    if not all(numbers):
        raise _error(
            "a name without subject, session and run", path,
            "sub-<label>_ses-<label>_..._run-<number>_events.tsv, labels that end with a number",
            "Give the file its name in the published dataset.",
        )  # fmt: skip
    subject, session, run = (int(number[0]) for number in numbers if number)
    return subject, session, run


def _read_run(path: Path, columns: tuple[str, ...]) -> list[tuple[float, *tuple[str, ...]]]:
    """Read the wanted columns of one file; the first becomes a number."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file, delimiter="\t")
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise _error(
                    f"no column {missing[0]} (columns {reader.fieldnames})",
                    path,
                    f"the columns {', '.join(columns)}",
                    "Fetch the file again.",
                )
            rows = [[row[name] for name in columns] for row in reader]
            return [(float(first), *rest) for first, *rest in rows]
    except (OSError, TypeError, ValueError) as error:
        raise _error(
            f"events that cannot be read ({error})", path,
            "a tab-separated table with a number as onset", "Fetch the file again.",
        ) from error  # fmt: skip


def _error(found: str, where: str | Path, expected: str, remedy: str) -> RepalignError:
    return RepalignError(found, where=where, expected=expected, remedy=remedy)
