"""Stimulus sets as Brain-Score takes them: a CSV file, a ZIP file of the pictures, and digests."""

from __future__ import annotations

import csv
import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from repalign.errors import RepalignError
from repalign.tables.assembly_rules import looks_like_a_number
from repalign.tables.atomic import atomic_file
from repalign.tables.provenance import write_sidecar

FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a ZIP file can name; all members have it."""
DIGESTS = ("sha1", "sha256")
"""Brain-Score's registry asks for the first one."""
PACKAGES = {
    ("assy", ".nc"): "assembly",
    ("stimulus", ".csv"): "stimulus table",
    ("stimulus", ".zip"): "pictures",
}
"""Kinds of packaged files, by how their names begin and end."""


def write_rows(
    path: str | Path,
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    delimiter: str = ",",
) -> None:
    r"""Write a table: fixed columns, UTF-8, a line feed after each row.

    Parameters
    ----------
    path : str or Path
        The file to make.
    columns : sequence of str
        The header.
    rows : sequence of sequence
        Cells.
    delimiter : str
        "," or "\t".
    """
    with atomic_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def write_stimulus_set(
    table: str | Path,
    archive: str | Path,
    pictures: str | Path,
    columns: Mapping[str, Sequence[object]],
    record: Mapping[str, Any],
) -> None:
    """Write the two files of a stimulus set.

    Parameters
    ----------
    table : str or Path
        CSV file to make.
    archive : str or Path
        ZIP file to make: the pictures without a folder, stored as they are, in the order of the
        table, all with the same time and permissions, so that equal pictures give equal bytes.
    pictures : str or Path
        Folder of the pictures; it has nothing else but hidden files, which do not count.
    columns : mapping of str to sequence
        `stimulus_id`, `filename` and one more at least, in the order wanted.
    record : mapping
        Provenance of both.

    Raises
    ------
    RepalignError
        If a column is missing, ids or names are not different texts, or the folder does not have
        just these files.
    """
    names = _checked(columns, Path(table))
    folder = Path(pictures)
    found = {path.name for path in folder.glob("[!.]*")}
    differing = sorted(found ^ set(names))
    if differing:
        kind = "missing" if differing[0] in names else "not in the table"
        raise RepalignError(
            f"{len(differing)} file(s) too few or too many, first {differing[0]} ({kind})",
            where=folder,
            expected=f"the {len(names)} pictures of the table",
            remedy="Delete the folder and run the workflow again.",
        )
    write_rows(table, list(columns), list(zip(*columns.values(), strict=True)))
    with atomic_file(archive) as temporary, zipfile.ZipFile(temporary, "w") as file:
        for name in names:
            member = zipfile.ZipInfo(name, FIRST_DAY)
            member.create_system, member.external_attr = 3, 0o644 << 16
            file.writestr(member, (folder / name).read_bytes())
    for path in (table, archive):
        write_sidecar(path, record)


def write_packages(path: str | Path, files: Sequence[str | Path]) -> None:
    """Write identifiers, sizes and digests of packaged files.

    Parameters
    ----------
    path : str or Path
        Tab-separated table to make.
    files : sequence of str or Path
        Files named `assy_<identifier>.nc`, `stimulus_<identifier>.csv` and `.zip`.

    Raises
    ------
    RepalignError
        If a name is another one.
    """
    rows = []
    for file in map(Path, files):
        kind, _, identifier = file.stem.partition("_")
        if (kind, file.suffix) not in PACKAGES or not identifier:
            raise RepalignError(
                f"a file named {file.name}",
                where=file,
                expected="assy_<identifier>.nc, stimulus_<identifier>.csv or .zip",
                remedy="Correct what makes the package.",
            )
        size = file.stat().st_size
        rows.append((identifier, PACKAGES[kind, file.suffix], file.name, size, *digests(file)))
    write_rows(path, ("identifier", "kind", "file", "bytes", *DIGESTS), rows, delimiter="\t")


def digests(path: str | Path) -> list[str]:
    """Return the digests of a file, in the order of `DIGESTS`."""
    found = []
    for name in DIGESTS:
        with Path(path).open("rb") as file:
            found.append(hashlib.file_digest(file, name).hexdigest())
    return found


def _checked(columns: Mapping[str, Sequence[object]], where: Path) -> list[str]:
    """Return the file names, if ids and names are what they must be."""
    expected = "different texts in stimulus_id and filename, and one column more"
    remedy = "Correct what makes the stimulus set."
    if not {"stimulus_id", "filename"} < set(columns):
        raise RepalignError(
            f"columns {list(columns)}", where=where, expected=expected, remedy=remedy
        )
    ids = [str(value) for value in columns["stimulus_id"]]
    names = [str(value) for value in columns["filename"]]
    wrong = [text for text in ids if looks_like_a_number(text)]
    wrong += [name for name in names if Path(name).name != name]
    if wrong or len(set(ids)) < len(ids) or len(set(names)) < len(names) or not ids:
        found = repr(wrong[0]) if wrong else f"{len(ids)} rows, {len(set(ids))} different ids"
        raise RepalignError(found, where=where, expected=expected, remedy=remedy)
    return names
