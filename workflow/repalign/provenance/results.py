"""Results with their records and checksums, read from the files themselves."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from repalign.errors import RepalignError
from repalign.tables.provenance import Record, encode, read_record
from repalign.tables.result_files import content_of, files_of

_START = r"(?:^|(?<=[\s=,;'\"(\[<>|])|(?<=:)(?!//))"
_ABSOLUTE = re.compile(
    r"file:/+[^\s\"',;)]+"
    + "|"
    + _START
    + r"(?:~|[A-Za-z]:)?[/\\](?:[^/\\\s\"']+[/\\])*[^/\\\s\"',;)]+"
)
"""Absolute paths in texts, those of homes and of Windows included; addresses (https:) are none."""


@dataclass(frozen=True)
class FileSum:
    """A file: its name below the folder of results, its SHA-256 and its size in bytes."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Result:
    """A result.

    Attributes
    ----------
    path : str
        The file or folder, relative to the folder of results.
    files : tuple of FileSum
        Its files, and the record beside it if there is one.
    record : dict or None
        How it was made, without paths of the machine; None if it has no record.
    """

    path: str
    files: tuple[FileSum, ...]
    record: Record | None

    @property
    def spec(self) -> dict[str, Any]:
        """Return what it depends on; empty if nothing is known."""
        return (self.record or {}).get("spec") or {}

    @property
    def settings(self) -> dict[str, dict[str, Any]]:
        """Return the parameters of all steps that it comes from, by step."""
        upstream: dict[str, Any] = self.spec.get("upstream", {})
        found: dict[str, dict[str, Any]] = upstream.get("settings", {})
        return found


def read_results(folder: Path, names: Iterable[str]) -> list[Result]:
    """Read results.

    Parameters
    ----------
    folder : Path
        The folder of results.
    names : iterable of str
        As `find_results` returns them.

    Raises
    ------
    RepalignError
        If there is none, or one cannot be read.
    """
    found = [
        Result(name, tuple(sum_file(folder, f) for f in files_of(folder, name)), _record(path))
        for name in names
        if (path := folder / name)
    ]
    if not found:
        raise RepalignError(
            "no results",
            where=folder,
            expected="at least one table, figure or index",
            remedy="Make some first, for example with `make demo`.",
        )
    return found


def sum_file(folder: Path, name: str) -> FileSum:
    """Return the checksum and the size of a file below a folder."""
    path = folder / name
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return FileSum(name, digest, path.stat().st_size)
    except OSError as error:
        raise RepalignError(
            f"not readable ({error.strerror})",
            where=path,
            expected="a result that is there and does not change while it is described",
            remedy="Run the same command again when no job is running.",
        ) from error


def check_content(results: Iterable[Result], content: str, where: Path) -> None:
    """Refuse results that changed since the workflow was planned.

    Parameters
    ----------
    results : iterable of Result
        As they are now.
    content : str
        Digest of all files, as the workflow saw them.
    where : Path
        The folder, for messages.
    """
    now = content_of((file.name, file.sha256) for result in results for file in result.files)
    if now != content:
        raise RepalignError(
            "results that changed since the workflow was planned",
            where=where,
            expected="results that no job is making",
            remedy="Run the same command again when all results are made.",
        )


def sums_text(files: Iterable[FileSum]) -> str:
    """Return checksums as `sha256sum --check` reads them, sorted by name."""
    return "".join(f"{file.sha256}  {file.name}\n" for file in sorted(files, key=lambda f: f.name))


def identity_of(spec: Mapping[str, Any]) -> str:
    """Return the identity by which a later job knows the outputs of a spec."""
    return "spec:" + hashlib.sha256(encode(spec).encode()).hexdigest()[:24]


def without_places(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value with the paths of a machine in its texts cut to their last part.

    Parameters
    ----------
    value : object
        Texts, numbers, lists and mappings.
    """
    if isinstance(value, str):
        return _ABSOLUTE.sub(lambda match: PurePath(match[0].replace("\\", "/")).name, value)
    if isinstance(value, Mapping):
        return {without_places(key): without_places(own) for key, own in value.items()}
    if isinstance(value, list):
        return [without_places(own) for own in value]
    return value


def _record(path: Path) -> Record | None:
    record = read_record(path)
    return None if record is None else without_places(record)
