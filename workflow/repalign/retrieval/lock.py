"""The record of a raw folder, `retrieved.tsv`: what was fetched, and what it was when it came."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_file


@dataclass(frozen=True)
class Record:
    """What is known of one file.

    Attributes
    ----------
    path : str
        Path below the raw folder.
    size : int
        Bytes.
    sha256 : str
        SHA-256, taken on arrival.
    verified : str
        What it was compared with: a checksum of the publisher, `etag`, `archive` (its sum within
        the archive), `size` where nobody gives more, or `nothing`.
    source : str
        Where it came from; of a member of an archive, with `!` and its name there.
    modified : int
        Time of the file's last change, ns: a file with another time is read again.
    """

    path: str
    size: int
    sha256: str
    verified: str
    source: str
    modified: int


_COLUMNS = [field.name for field in fields(Record)]


class Lock:
    """The record, in memory and on disk; every change is written at once.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    RepalignError
        If it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._records = {record.path: record for record in _read(path)}

    def get(self, path: str) -> Record | None:
        """Return the record of a file."""
        return self._records.get(path)

    def members(self, source: str) -> list[Record]:
        """Return the records of the members of an archive."""
        start = f"{source}!"
        return [record for record in self._records.values() if record.source.startswith(start)]

    def add(self, records: Iterable[Record]) -> None:
        """Add or replace records."""
        with self._guard:
            self._records.update((record.path, record) for record in records)
            text = io.StringIO()
            writer = csv.writer(text, delimiter="\t", lineterminator="\n")
            writer.writerow(_COLUMNS)
            writer.writerows(astuple(self._records[path]) for path in sorted(self._records))
            with atomic_file(self._path) as temporary:
                temporary.write_text(text.getvalue(), encoding="utf-8")


def _read(path: Path) -> list[Record]:
    """Read the records, if there are any."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file, delimiter="\t", strict=True))
        if rows[0] != _COLUMNS:
            raise ValueError("other columns")
        return [
            Record(name, int(size), sha256, verified, source, int(modified))
            for name, size, sha256, verified, source, modified in rows[1:]
        ]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, IndexError, csv.Error) as error:
        raise RepalignError(
            f"a damaged record ({error})",
            where=path,
            expected="the record of what was fetched",
            remedy="Restore it from a backup. Without it, delete it: files whose publisher gives "
            "a checksum are then compared with that, others by size alone.",
        ) from error
