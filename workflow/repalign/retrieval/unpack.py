"""Unpacking archives: nothing outside the folder, no links, nothing half."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from repalign.errors import RepalignError
from repalign.retrieval.checksums import CHUNK
from repalign.retrieval.plan import check_relative
from repalign.tables.atomic import settle

Opener = Callable[[str], IO[bytes]]
_CLUTTER = ("__MACOSX", ".DS_Store", "Thumbs.db")


@dataclass(frozen=True)
class Member:
    """One file of an archive.

    Attributes
    ----------
    name : str
        Name in the archive.
    path : PurePosixPath
        Path without a single folder at the top.
    size : int
        Bytes.
    sha256 : str
        SHA-256 of what was unpacked; empty before.
    """

    name: str
    path: PurePosixPath
    size: int
    sha256: str = ""


def unpack(archive: Path, folder: Path) -> list[Member]:
    """Unpack an archive into a new folder.

    Parameters
    ----------
    archive : Path
        A zip file, or a tar file with or without compression; told by its content.
    folder : Path
        Folder to make. What is left there from an interrupted run is deleted.

    Returns
    -------
    list of Member
        Its files, in the order of the archive.

    Raises
    ------
    RepalignError
        If it is no archive, is damaged, or has members that are links or devices, are encrypted,
        lead out of the folder or have one name; or if there is no room for them.
    """
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    try:
        with _opened(archive) as (names, read):
            members = _planned(names, archive)
            _check_room(members, folder, archive)
            written = [_write(member, read(member.name), folder, archive) for member in members]
            # The archive may be deleted as soon as its files are recorded.
            settle(folder)
            return written
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error) as error:
        raise _bad(f"a damaged archive ({error})", archive) from error
    except (NotImplementedError, RuntimeError) as error:
        raise _bad(f"an archive of a kind that is not read ({error})", archive) from error


@contextmanager
def _opened(archive: Path) -> Iterator[tuple[list[tuple[str, int]], Opener]]:
    """Open an archive: names and sizes of its files, and what opens one by its name."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            found = [info for info in zipped.infolist() if not info.is_dir()]
            yield [_of_zip(info, archive) for info in found], zipped.open
    elif tarfile.is_tarfile(archive):
        with tarfile.open(archive) as tarred:
            every = [info for info in tarred if not info.isdir()]
            files = {info.name: info for info in every}

            def read(name: str) -> IO[bytes]:
                stream = tarred.extractfile(files[name])
                if stream is None:
                    raise tarfile.ReadError(f"no content of {name}")
                return stream

            yield [_of_tar(info, archive) for info in every], read
    else:
        raise _bad("neither a zip nor a tar file", archive)


def _of_zip(info: zipfile.ZipInfo, archive: Path) -> tuple[str, int]:
    if info.flag_bits & 1:
        raise _bad(f"{info.filename} is encrypted", archive)
    # The upper half of the attributes is the mode where the archive was made on Unix.
    if (info.external_attr >> 16) & 0o170000 == 0o120000:
        raise _bad(f"{info.filename} is a link", archive)
    return info.filename, info.file_size


def _of_tar(info: tarfile.TarInfo, archive: Path) -> tuple[str, int]:
    if not info.isfile():
        raise _bad(f"{info.name} is a link or a device", archive)
    return info.name, info.size


def _planned(names: list[tuple[str, int]], archive: Path) -> list[Member]:
    """Check the names, and leave out clutter and a single folder at the top."""
    found = [(name, check_relative(name, archive.name), size) for name, size in names]
    found = [one for one in found if not set(one[1].parts) & set(_CLUTTER)]
    if not found:
        raise _bad("an archive without files", archive)
    tops = {path.parts[0] for _, path, _ in found}
    is_nested = len(tops) == 1 and all(len(path.parts) > 1 for _, path, _ in found)
    members = [
        Member(name, PurePosixPath(*path.parts[1:]) if is_nested else path, size)
        for name, path, size in found
    ]
    paths = [member.path for member in members]
    if len(set(paths)) < len(paths):
        twice = next(path for path in paths if paths.count(path) > 1)
        raise _bad(f"{twice} twice", archive)
    folders = {parent for path in paths for parent in path.parents}
    for path in folders.intersection(paths):
        raise _bad(f"{path} as a file and as a folder", archive)
    return members


def _check_room(members: list[Member], folder: Path, archive: Path) -> None:
    needed, free = sum(member.size for member in members), shutil.disk_usage(folder).free
    if needed > free:
        raise _bad(f"{needed / 1e9:.3g} GB unpacked, {free / 1e9:.3g} GB free", archive)


def _write(member: Member, stream: IO[bytes], folder: Path, archive: Path) -> Member:
    """Write one member. Reading it to its end checks its sum, where the format has one."""
    path = folder / member.path
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with stream, path.open("xb") as file:
        while data := stream.read(CHUNK):
            size += len(data)
            if size > member.size:
                break
            digest.update(data)
            file.write(data)
    if size != member.size:
        raise _bad(f"{member.name} has not the {member.size} bytes that it says", archive)
    return Member(member.name, member.path, size, digest.hexdigest())


def _bad(found: str, archive: Path) -> RepalignError:
    return RepalignError(
        found,
        where=archive,
        expected="an archive of plain files that can be unpacked here",
        remedy="Nothing was put in place. Delete the archive and run the command again; if it "
        "stays so, unpack it by hand as docs/data.md says.",
    )
