"""Whether a result is whole: at a glance, from headers and footers, or byte by byte."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from repalign.errors import RepalignError
from repalign.tables.checksums import (
    broken_png,
    broken_seal,
    changed_content,
    changed_names,
)
from repalign.tables.provenance import read_record, sidecar
from repalign.tables.stamps import Stamp, has_stamp, leave_stamp, stamp

READ_BELOW = 2**30
"""A job reads inputs of up to this many bytes whole before it uses them."""
CONTENT = "content"


def damage(path: Path) -> str | None:
    """Say what is wrong with a result file or folder.

    Parameters
    ----------
    path : Path
        A file or folder of results. Parquet files, `.npy` files and PNG figures are checked
        against what their headers and footers announce; a folder by each file in it; other
        formats only for being empty.

    Returns
    -------
    str or None
        A sentence, or None if nothing is wrong.
    """
    if path.is_dir():
        # Snakemake marks the folders that it made with a hidden, empty file.
        files = (inner for inner in sorted(path.iterdir()) if not inner.name.startswith("."))
        found = [damage(inner) for inner in files]
        if not found:
            return f"{path.name}: an empty folder"
        return next((harm for harm in found if harm), None)
    if not path.exists():
        return f"{path.name}: a link to a file that is gone"
    size = path.stat().st_size
    if size == 0:
        return f"{path.name}: an empty file"
    if path.suffix == ".npy":
        return _npy_damage(path, size)
    if path.suffix == ".parquet":
        with path.open("rb") as file:
            file.seek(max(0, size - 4))
            if file.read() != b"PAR1":
                return f"{path.name}: no parquet footer, so the file was cut short"
    if path.suffix == ".png":
        with path.open("rb") as file:
            file.seek(max(0, size - 8))
            if file.read(4) != b"IEND":
                return f"{path.name}: no end mark, so the figure was cut short"
    return None


def changes(path: Path, record: Mapping[str, Any]) -> str | None:
    """Read a result whole and say whether a byte differs from what was written.

    Parameters
    ----------
    path : Path
        A file or folder of results.
    record : mapping
        Its record, from `read_record`.

    Returns
    -------
    str or None
        A sentence, or None if nothing differs, or nothing tells (a record without checksums).
    """
    if CONTENT in record:
        return changed_content(path, record[CONTENT])
    if path.suffix == ".parquet":
        # Whoever writes a record writes a checksum.
        return broken_seal(path) if record else None
    return broken_png(path) if path.suffix == ".png" else None


def untouched(path: Path, record: Mapping[str, Any]) -> bool:
    """Say whether a result lies there just as its job left it, from its stamp alone.

    Whoever changes the file later, even one who sets its time of modification back, gives it
    another time of change; so does whoever copies it, since a copy may be damaged. Such a file is
    to be read.

    Parameters
    ----------
    path : Path
        A file or folder of results.
    record : mapping
        Its record.

    Returns
    -------
    bool
        Never true of formats that carry their record inside.
    """
    beside = sidecar(path)
    if CONTENT not in record or not beside.is_file():
        return False
    if isinstance(record[CONTENT], dict) and changed_names(path, record[CONTENT]):
        return False
    return has_stamp(beside, stamp(path))


def vouch(path: Path, record: Mapping[str, Any], found: Stamp) -> None:
    """Remember that a result was read whole and is what was written.

    Parameters
    ----------
    path : Path
        A file or folder of results.
    record : mapping
        Its record.
    found : (int, int, int)
        Its stamp before it was read.
    """
    if CONTENT in record:
        leave_stamp(sidecar(path), found)


def check_input(path: Path) -> None:
    """Check a result before a job uses it.

    Up to `READ_BELOW` it is read whole; a larger one only if it was touched or copied since it was
    made or read whole.

    Parameters
    ----------
    path : Path
        A file or folder that another job made.

    Raises
    ------
    RepalignError
        If it is not what was written.
    """
    if not path.exists():
        return
    record = read_record(path)
    found = stamp(path)
    is_large = found[0] > READ_BELOW
    if record is None or (is_large and untouched(path, record)):
        return
    if (harm := changes(path, record)) is not None:
        raise RepalignError(
            harm,
            where=path,
            expected="the result as its job made it",
            remedy="Delete it (`rm -r`), then run the same command again: it is made anew.",
        )
    if is_large:
        vouch(path, record, found)


def _npy_damage(path: Path, size: int) -> str | None:
    """Compare the length of a `.npy` file with its header."""
    with path.open("rb") as file:
        try:
            version = np.lib.format.read_magic(file)
            read = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            shape, _, dtype = read(file)
        except ValueError as error:
            return f"{path.name}: not a .npy file ({error})"
        expected = file.tell() + int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if size != expected:
        return f"{path.name}: {size} bytes where its header announces {expected}"
    return None
