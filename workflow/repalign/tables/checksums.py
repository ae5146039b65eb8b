"""Checksums that a result carries, so that any later change of its bytes can be seen.

They are CRC-32: a change of up to 32 bits in a row is always seen, any other but for one in four
thousand million. They guard against disks, copies and accidents, not against forgery, and cost a
tenth of what a cryptographic digest costs. A parquet file carries its own in its footer, a PNG
file has one for each of its chunks, and every other result has them in its record beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from isal import isal_zlib

BLOCK = 4 * 2**20
SEAL = "repalign-checksum"
BLANK = "crc32:00000000"
# A string in the footer of a parquet file: the key, two bytes of framing, the value.
_SEALED = re.compile(rb"repalign-checksum..crc32:([0-9a-f]{8})", re.DOTALL)
_PNG_START = b"\x89PNG\r\n\x1a\n"


def file_checksum(path: Path) -> str:
    """Return the checksum of a file as `crc32:<8 hexadecimal digits>`."""
    with path.open("rb") as file:
        return _spelt(_crc(file, 0))


def text_checksum(text: str) -> str:
    """Return the checksum of a text in UTF-8, spelt like that of a file."""
    return _spelt(isal_zlib.crc32(text.encode()))


def content_checksums(path: Path) -> str | dict[str, str]:
    """Return the checksum of a file, or of each file in a folder.

    Parameters
    ----------
    path : Path
        A result.

    Returns
    -------
    str or dict of str to str
        For a folder by the names of its files; hidden ones do not count.
    """
    if path.is_dir():
        return {name: file_checksum(path / name) for name in visible_files(path)}
    return file_checksum(path)


def visible_files(folder: Path) -> list[str]:
    """Return the names of the files in a folder and below it, sorted, without hidden ones."""
    names = (file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    return sorted(name for name in names if not any(p.startswith(".") for p in name.split("/")))


def changed_content(path: Path, recorded: object) -> str | None:
    """Compare a result with the checksums in its record.

    Parameters
    ----------
    path : Path
        A file or folder.
    recorded : object
        What `content_checksums` returned when it was made.

    Returns
    -------
    str or None
        A sentence that names the file, or None if every byte is as it was.
    """
    if not isinstance(recorded, dict):
        found = file_checksum(path) if path.is_file() else "a folder"
        return None if found == recorded else _other(path.name, found, recorded)
    if (harm := changed_names(path, recorded)) is not None:
        return harm
    for name, expected in recorded.items():
        if (found := file_checksum(path / name)) != expected:
            return _other(f"{path.name}/{name}", found, expected)
    return None


def changed_names(folder: Path, recorded: dict[str, str]) -> str | None:
    """Say which file of a folder is gone or was added since the folder was made."""
    names = visible_files(folder) if folder.is_dir() else []
    gone = sorted({*recorded} - {*names})
    if gone:
        return f"{folder.name}/{gone[0]}: gone ({len(gone)} of {len(recorded)} files)"
    more = sorted({*names} - {*recorded})
    return f"{folder.name}/{more[0]}: not there when the folder was made" if more else None


def seal_parquet(path: Path) -> None:
    """Write the checksum of a parquet file into its footer, where `BLANK` stands for it.

    Parameters
    ----------
    path : Path
        A complete parquet file whose metadata have `BLANK` under `SEAL`.
    """
    with path.open("rb+") as file:
        place = _seal_place(file)
        if place is None:
            raise ValueError(f"{path} has no place for a checksum")
        crc = _crc_without(file, place)
        file.seek(place)
        file.write(f"{crc:08x}".encode())


def is_sealed(path: Path) -> bool:
    """Say whether a parquet file carries a checksum."""
    with path.open("rb") as file:
        return _seal_place(file) is not None


def broken_seal(path: Path) -> str | None:
    """Compare a parquet file with the checksum in its footer.

    Returns
    -------
    str or None
        A sentence, or None if every byte is as it was.
    """
    with path.open("rb") as file:
        place = _seal_place(file)
        if place is None:
            return f"{path.name}: no checksum in its footer"
        found = _crc_without(file, place)
        file.seek(place)
        expected = file.read(8).decode()
    if f"{found:08x}" == expected:
        return None
    return _other(path.name, _spelt(found), f"crc32:{expected}")


def broken_png(path: Path) -> str | None:
    """Compare every chunk of a PNG file with its checksum.

    Returns
    -------
    str or None
        A sentence, or None if every byte is as it was.
    """
    content = path.read_bytes()
    place = len(_PNG_START)
    if not content.startswith(_PNG_START):
        return f"{path.name}: not the start of a PNG file"
    kind = b""
    while kind != b"IEND":
        length = int.from_bytes(content[place : place + 4])
        kind = content[place + 4 : place + 8]
        end = place + 8 + length
        crc = content[end : end + 4]
        if len(crc) < 4 or isal_zlib.crc32(content[place + 4 : end]) != int.from_bytes(crc):
            return f"{path.name}: bytes from {place} on are not those that were written"
        place = end + 4
    return None if place == len(content) else f"{path.name}: {len(content) - place} bytes too many"


def _other(name: str, found: str, expected: object) -> str:
    return f"{name}: not the bytes that were written ({found} where {expected} is recorded)"


def _spelt(crc: int) -> str:
    return f"crc32:{crc:08x}"


def _crc(file: BinaryIO, crc: int, length: int | None = None) -> int:
    """Go on with a checksum over the next bytes of a file, or over all that follow."""
    for block in _blocks(file, length):
        crc = isal_zlib.crc32(block, crc)
    return crc


def _blocks(file: BinaryIO, length: int | None) -> Iterator[bytes]:
    """Yield the next bytes of a file in blocks."""
    while length is None or length > 0:
        block = file.read(BLOCK if length is None else min(BLOCK, length))
        if not block:
            return
        length = None if length is None else length - len(block)
        yield block


def _crc_without(file: BinaryIO, place: int) -> int:
    """Return the checksum of a file with zeros for the eight digits at a place."""
    file.seek(0)
    crc = isal_zlib.crc32(b"0" * 8, _crc(file, 0, place))
    file.seek(place + 8)
    return _crc(file, crc)


def _seal_place(file: BinaryIO) -> int | None:
    """Return where the digits of the checksum are in a parquet file, if it has one."""
    size = file.seek(0, 2)
    if size < 12:
        return None
    file.seek(size - 8)
    start = size - 8 - int.from_bytes(file.read(4), "little")
    if start < 4:
        return None
    file.seek(start)
    found = [*_SEALED.finditer(file.read(size - start))]
    return start + found[-1].start(1) if found else None
