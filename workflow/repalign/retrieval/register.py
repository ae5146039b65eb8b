"""The register of external data, `external_data.tsv`: what there is, where, on which terms."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from pathlib import Path

from repalign.errors import RepalignError
from repalign.tables.config_tables import read_config_rows

COLUMNS = {
    "dataset": "Section of the settings whose `raw` is the folder that the data go to; `atlas` is "
    "for none of them, and goes to `retrieval.atlas`. The rule is `retrieve_<dataset>`.",
    "item": "Name of the item, one of a kind in its dataset: letters, digits and `_`.",
    "version": "Version or release, or `-` where the source has none.",
    "kind": "`file`, `files` (all that match the source), `archive` (unpacked on arrival) or "
    "`by-hand`, where the source is a page for people.",
    "source": "`s3://bucket/key`, `figshare://article/name` or `https://…`. `{subject}`, "
    "`{session}`, `{scan}` and `{betas}` are filled in from the settings; `*` in a key or name "
    "stands for anything but `/`. For `files`, paths start behind `/./`, as in rsync. An "
    "`archive` is one file, so nothing is filled in.",
    "target": "Where it goes below the folder: a path (a folder for `files` and `archive`), or "
    "`@` and the setting that has it. A single folder at the top of an archive is left out.",
    "when": "`default`; `asked` (only if `retrieval.items` names it); or a setting and its value, "
    "`bold5000.atlas=fsl`.",
    "agreement": "Name of the agreement that is needed first (`retrieval.accepted`), or `-`.",
    "terms": "Licence or terms, with the page that has them.",
    "size": "Bytes, or `unknown`; of a pattern, always `unknown`.",
    "checksum": "`md5:` or `sha256:` and digits, or `unknown`: what arrives is then recorded, and "
    "compared with the record ever after.",
    "description": "One sentence for people.",
}
"""Columns of the register, and what they mean."""
KINDS = ("file", "files", "archive", "by-hand")
AGREEMENTS = ("hcp", "nsd")
"""Agreements that somebody has to accept before anything is fetched."""
PLACEHOLDERS = ("subject", "session", "scan", "betas")
"""What sources and targets may leave to the settings."""
UNKNOWN, NONE = "unknown", "-"
BASE = "/./"
"""What separates the start of a source of `files` from the paths that are kept."""
_CHECKSUM = re.compile(r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}")
_SOURCE = re.compile(r"s3://[a-z0-9][a-z0-9.-]+/\S+|figshare://\d+/\S+|https?://[\w.-]+/\S*")
_ITEM = re.compile(r"[A-Za-z0-9_]+")
_WHEN = re.compile(r"default|asked|[a-z0-9_]+(\.[a-z0-9_]+)+=\S+")


@dataclass(frozen=True)
class Entry:
    """One row of the register; the attributes are its columns.

    Attributes
    ----------
    size : int or None
        Bytes, if they are known.
    checksum : str or None
        Algorithm and digits, if they are known.
    agreement : str or None
        A name of `AGREEMENTS`, if one is needed.
    """

    dataset: str
    item: str
    version: str
    kind: str
    source: str
    target: str
    when: str
    agreement: str | None
    terms: str
    size: int | None
    checksum: str | None
    description: str

    @property
    def is_pattern(self) -> bool:
        """Say whether it may stand for several files."""
        return any(mark in self.source for mark in "{*")


def read_register(path: str | Path) -> list[Entry]:
    """Read and check the register.

    Parameters
    ----------
    path : str or Path
        Tab-separated table with the columns of `COLUMNS`.

    Returns
    -------
    list of Entry
        In the order of the file.

    Raises
    ------
    RepalignError
        Naming row and column, if one is missing, unknown, twice, or contradicts another.
    """
    entries = [
        _entry(row, where)
        for where, row in read_config_rows(
            path, list(COLUMNS), "register of external data", "Restore config/external_data.tsv."
        )
    ]
    names = [(entry.dataset, entry.item) for entry in entries]
    twice = sorted({"/".join(name) for name in names if names.count(name) > 1})
    if twice:
        raise _error(f"{twice[0]} twice", path, "each item once")
    return entries


def _entry(row: dict[str, str], where: str) -> Entry:
    """Check one row."""
    empty = [name for name, value in row.items() if not value.strip()]
    if empty:
        raise _error(f"nothing in {empty[0]}", where, f"a value, or `{NONE}`, or `{UNKNOWN}`")
    if row["kind"] not in KINDS:
        raise _error(f"kind {row['kind']!r}", where, f"one of {', '.join(KINDS)}")
    if not _ITEM.fullmatch(row["item"]):
        raise _error(f"item {row['item']!r}", where, "letters, digits and _")
    _check_placeholders(row, where)
    if not _SOURCE.fullmatch(row["source"]):
        raise _error(f"source {row['source']!r}", where, "s3://, figshare:// or https://")
    if not _WHEN.fullmatch(row["when"]):
        raise _error(f"when {row['when']!r}", where, "default, asked or setting=value")
    if row["agreement"] not in (*AGREEMENTS, NONE):
        known = f"one of {', '.join(AGREEMENTS)}, or {NONE}"
        raise _error(f"agreement {row['agreement']!r}", where, known)
    if row["checksum"] != UNKNOWN and not _CHECKSUM.fullmatch(row["checksum"]):
        raise _error(f"checksum {row['checksum']!r}", where, f"md5:, sha256: or {UNKNOWN}")
    if row["size"] != UNKNOWN and not row["size"].isdecimal():
        raise _error(f"size {row['size']!r}", where, f"bytes, or {UNKNOWN}")
    entry = Entry(
        **{key: row[key] for key in COLUMNS if key not in ("agreement", "size", "checksum")},
        agreement=None if row["agreement"] == NONE else row["agreement"],
        size=None if row["size"] == UNKNOWN else int(row["size"]),
        checksum=None if row["checksum"] == UNKNOWN else row["checksum"],
    )
    if entry.is_pattern and (entry.size is not None or entry.checksum):
        raise _error("size or checksum of a pattern", where, UNKNOWN)
    if entry.kind == "archive" and "{" in entry.source:
        # Archives of one item would take turns in the place where they are unpacked.
        raise _error(f"source {entry.source!r}", where, "an item of its own for each archive")
    if (entry.kind == "files") != (BASE in entry.source):
        raise _error(f"source {entry.source!r}", where, f"`{BASE}` for `files`, and only there")
    if entry.kind == "files" and not entry.source.startswith("s3://"):
        raise _error(f"source {entry.source!r}", where, "s3:// for `files`")
    return entry


def _check_placeholders(row: dict[str, str], where: str) -> None:
    """Refuse placeholders that nothing is known for."""
    for column in ("source", "target"):
        try:
            names = {name for _, name, _, _ in string.Formatter().parse(row[column])} - {None}
        except ValueError as error:
            raise _error(f"{column} {row[column]!r} ({error})", where, "pairs of braces") from None
        unknown = sorted(f"{{{name}}}" for name in names if name not in PLACEHOLDERS)
        if unknown:
            known = f"some of {', '.join(f'{{{name}}}' for name in PLACEHOLDERS)}"
            raise _error(f"{', '.join(unknown)} in the {column}", where, known)


def _error(found: str, where: str | Path, expected: str) -> RepalignError:
    return RepalignError(found, where=where, expected=expected, remedy="Correct the register.")
