"""Files of a mouse scan, in a folder or in a zip file, read in place and never trusted.

A scan is one folder with `data/` and `meta/`, or a zip file of such a folder. The public reader
unpacks the zip file beside itself, prefers an older folder of that name, and writes a file into
it. Here members of a zip file are read from it one at a time, and nothing is written.
"""

from __future__ import annotations

import io
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from repalign.errors import RepalignError

MOST_BYTES = 512 * 2**20
"""A single array of a scan is refused above this size."""
TOP = ("data", "meta")
"""Folders that a scan has."""
_STRAY = re.compile(r"\..*|Thumbs\.db|desktop\.ini|__MACOSX", re.IGNORECASE)
"""Names of what operating systems leave in folders."""
_FETCH = "Fetch the scan again."
_REAL = "biuf"

Reader = Callable[[], bytes]


class ScanFiles:
    """The arrays of one scan by their place below its folder, such as `meta/trials/tiers.npy`.

    Parameters
    ----------
    path : Path
        The folder or zip file.
    readers : mapping of str to callable
        What returns the bytes of each file.
    stray : tuple of str
        Files that operating systems leave behind, and that are not read.
    top : str
        Name of the one folder in a zip file; empty if there is none, and for a folder.
    """

    def __init__(
        self, path: Path, readers: Mapping[str, Reader], stray: tuple[str, ...], top: str
    ) -> None:
        self.path, self.stray, self.top = path, stray, top
        self._readers = dict(readers)

    def __contains__(self, name: str) -> bool:
        """Say whether there is a file."""
        return name in self._readers

    def __iter__(self) -> Iterator[str]:
        """Yield the files, sorted."""
        return iter(sorted(self._readers))

    def where(self, name: str) -> str:
        """Name a file for people."""
        return f"{self.path}: {name}"

    def array(self, name: str) -> npt.NDArray[Any]:
        """Read an array.

        Parameters
        ----------
        name : str
            Its place below the folder of the scan.

        Returns
        -------
        ndarray, shape (n_trials, ...) or any other
            Numbers, truth values or text.

        Raises
        ------
        RepalignError
            If there is no such file, or it is damaged, or no plain array: pickled objects are
            never loaded.
        """
        if name not in self._readers:
            raise RepalignError(
                "no such file",
                where=self.where(name),
                expected="a file that every scan has",
                remedy=_FETCH,
            )
        return parse_npy(self._readers[name](), self.where(name))

    def numbers(self, name: str) -> npt.NDArray[Any]:
        """Read an array of real numbers.

        Parameters
        ----------
        name : str
            As of `array`.

        Returns
        -------
        ndarray, shape (n_trials, ...) or any other

        Raises
        ------
        RepalignError
            As `array`, and if it holds anything else.
        """
        values = self.array(name)
        if values.dtype.kind not in _REAL:
            raise RepalignError(
                f"values of type {values.dtype}",
                where=self.where(name),
                expected="real numbers",
                remedy=_FETCH,
            )
        return values


@contextmanager
def open_scan(path: str | Path) -> Iterator[ScanFiles]:
    """Open a scan without unpacking or writing anything.

    Parameters
    ----------
    path : str or Path
        A folder with `data` and `meta`, or a zip file that holds these, at its top or in one
        folder.

    Yields
    ------
    ScanFiles
        Its files; good until the block ends.

    Raises
    ------
    RepalignError
        If there is no such scan; if a member of a zip file has an unsafe path, is a link, is
        encrypted, is there twice or is too large; if a folder holds links; if there is anything
        beside `data` and `meta` that an operating system does not leave behind; or if a file in
        them is no .npy file.
    """
    path = Path(path)
    with ExitStack() as stack:
        if path.is_dir():
            names, top = _files_of_folder(path), ""
        else:
            names, top = _members_of_zip(path, stack)
        stray = tuple(name for name in names if _is_stray(name))
        kept = {name: read for name, read in names.items() if name not in stray}
        _check_places(path, kept)
        yield ScanFiles(path, kept, stray, top)


def parse_npy(content: bytes, where: str) -> npt.NDArray[Any]:
    """Turn the bytes of a .npy file into an array.

    Parameters
    ----------
    content : bytes
        The whole file.
    where : str
        Its name, for messages.

    Returns
    -------
    ndarray, shape (n, ...) as its header says
        Read-only.

    Raises
    ------
    RepalignError
        If it is no .npy file, holds objects or records, or another number of bytes than its
        header says.
    """
    file = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(file)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read is None:
            raise ValueError(f"version {version}")
        shape, fortran, dtype = read(file)
    except ValueError as error:
        raise RepalignError(
            f"no .npy file of version 1 or 2 ({error})",
            where=where,
            expected="an array as numpy.save writes it",
            remedy=_FETCH,
        ) from error
    if dtype.kind not in _REAL + "U":
        raise RepalignError(
            f"values of type {dtype}",
            where=where,
            expected="numbers, truth values or fixed-width text; objects would need pickle, "
            "which can run code and is never loaded",
            remedy="Save the array again as numbers, or as text with astype(str).",
        )
    # Python's integers: a header may claim a size that wraps around.
    n_bytes = dtype.itemsize
    for length in shape:
        n_bytes *= int(length)
    if len(content) - file.tell() != n_bytes:
        raise RepalignError(
            f"{len(content) - file.tell()} bytes of values",
            where=where,
            expected=f"{n_bytes} bytes, for {dtype} of shape {shape}",
            remedy=_FETCH,
        )
    values = np.frombuffer(content, dtype, offset=file.tell())
    return values.reshape(shape, order="F" if fortran else "C")


def _files_of_folder(folder: Path) -> dict[str, Reader]:
    """Return readers of all files below a folder, refusing links."""
    found: dict[str, Reader] = {}
    pending = [folder]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                place = Path(entry.path)
                name = place.relative_to(folder).as_posix()
                if entry.is_symlink():
                    raise _unsafe(f"{folder}: {name}", "a link, which may lead anywhere")
                if entry.is_dir():
                    pending.append(place)
                elif entry.is_file():
                    found[name] = _reader_of(place, entry.stat().st_size)
                else:
                    raise _unsafe(f"{folder}: {name}", "neither a file nor a folder")
    return found


def _reader_of(path: Path, size: int) -> Reader:
    _check_size(size, str(path))

    def read() -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise _damaged(str(path), error) from error

    return read


def _members_of_zip(path: Path, stack: ExitStack) -> tuple[dict[str, Reader], str]:
    """Return readers of all members of a zip file, by their place below its one folder."""
    try:
        archive = stack.enter_context(zipfile.ZipFile(path))
    except FileNotFoundError as error:
        raise RepalignError(
            "no such file or folder",
            where=path,
            expected="a scan: a zip file, or a folder with data and meta",
            remedy="Fetch the scan, or correct mouse.raw.",
        ) from error
    except (OSError, zipfile.BadZipFile) as error:
        raise _damaged(str(path), error) from error
    members: dict[str, Reader] = {}
    for info in archive.infolist():
        where = f"{path}: {info.filename}"
        _check_member(info, where)
        if info.is_dir():
            continue
        if info.filename in members:
            raise _unsafe(where, "there twice; which one counts depends on who reads")
        members[info.filename] = _reader_in(archive, info, where)
    tops = {PurePosixPath(n).parts[0] for n in members if not _is_stray(n)}
    if len(tops) == 1 and not tops & set(TOP):
        (top,) = tops
        cut = {n.removeprefix(f"{top}/"): read for n, read in members.items()}
        return cut, top
    return members, ""


def _check_member(info: zipfile.ZipInfo, where: str) -> None:
    """Refuse a member that could lead out of a folder, or cannot be what it says."""
    parts = info.filename.rstrip("/").split("/")
    escapes = (
        info.filename != info.orig_filename
        or "\\" in info.filename
        or any(part in ("", ".", "..") or ":" in part for part in parts)
    )
    if escapes:
        raise _unsafe(where, f"a path that leads elsewhere ({info.orig_filename!r})")
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _unsafe(where, "a link or device, which may lead anywhere")
    if info.flag_bits & 1:
        raise _unsafe(where, "an encrypted member")
    _check_size(info.file_size, where)


def _reader_in(archive: zipfile.ZipFile, info: zipfile.ZipInfo, where: str) -> Reader:
    def read() -> bytes:
        try:
            with archive.open(info) as member:
                # Never more than was promised, whatever the compressed bytes grow to.
                content = member.read(info.file_size + 1)
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
            raise _damaged(where, error) from error
        if len(content) != info.file_size:
            raise _damaged(where, f"{len(content)} bytes, not {info.file_size}")
        return content

    return read


def _check_size(size: int, where: str) -> None:
    if size > MOST_BYTES:
        raise RepalignError(
            f"{size} bytes",
            where=where,
            expected=f"at most {MOST_BYTES} bytes; arrays of scans have a few hundred thousand",
            remedy=_FETCH,
        )


def _is_stray(name: str) -> bool:
    return any(_STRAY.fullmatch(part) for part in PurePosixPath(name).parts)


def _check_places(path: Path, names: Mapping[str, Reader]) -> None:
    """Refuse a scan without data and meta, and whatever else lies in it."""
    missing = [top for top in TOP if not any(name.startswith(f"{top}/") for name in names)]
    if missing:
        raise RepalignError(
            f"no folder {' and no folder '.join(missing)}",
            where=path,
            expected="a scan, with the folders data and meta",
            remedy="Correct mouse.raw or mouse.files, or fetch the scan again.",
        )
    for name in sorted(names):
        is_ours = name.startswith(tuple(f"{top}/" for top in TOP)) and name.endswith(".npy")
        if not is_ours and name not in ("config.json", "README.md"):
            raise RepalignError(
                "a file that belongs to no scan",
                where=f"{path}: {name}",
                expected=".npy files in data and meta",
                remedy="Remove it, or fetch the scan again: readers that count files would take "
                "it for a trial.",
            )


def _unsafe(where: str, found: str) -> RepalignError:
    return RepalignError(
        found,
        where=where,
        expected="plain files and folders inside the folder of the scan",
        remedy="Do not unpack it; fetch the scan from its source again.",
    )


def _damaged(where: str, error: object) -> RepalignError:
    return RepalignError(
        f"a file that cannot be read ({error})",
        where=where,
        expected="a complete file",
        remedy=_FETCH,
    )
