"""Who made the software, and under which licence: `CITATION.cff`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from repalign.errors import RepalignError


@dataclass(frozen=True)
class Citation:
    """What a citation says.

    Attributes
    ----------
    title, version, released, licence : str
        Title, version, date (ISO 8601) and SPDX identifier of the licence.
    authors : tuple of dict
        Persons (`given-names`, `family-names`, `orcid`) and groups (`name`).
    """

    title: str
    version: str
    released: str
    licence: str
    authors: tuple[dict[str, Any], ...]


def read_citation(path: Path) -> Citation:
    """Read `CITATION.cff`.

    Parameters
    ----------
    path : Path
        A file in the Citation File Format 1.2.

    Raises
    ------
    RepalignError
        If the file is missing, is not YAML, or lacks one of the keys that are needed.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Citation(
            title=str(content["title"]),
            version=str(content["version"]),
            released=str(content["date-released"]),
            licence=str(content["license"]),
            authors=tuple(dict(author) for author in content["authors"]),
        )
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise RepalignError(
            f"not a citation that can be used ({error})",
            where=path,
            expected="title, version, date-released, license and authors in CFF 1.2",
            remedy="Restore the file, for example with `git checkout`.",
        ) from error
