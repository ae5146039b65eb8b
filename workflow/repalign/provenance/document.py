"""`provenance.json`: every result with its record, and all that it comes from to raw files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from repalign.provenance.results import Result, identity_of, without_places
from repalign.tables.provenance import Record, encode, read_record

FORMAT = "repalign provenance 1"


def provenance_document(results: Sequence[Result], project: Path) -> dict[str, Any]:
    """Return the provenance of results.

    Parameters
    ----------
    results : sequence of Result
        The results.
    project : Path
        The project folder, which the paths of inputs start from.

    Returns
    -------
    dict
        `results` and `upstream`: records by path, whose code and versions stand once in `code`
        and `versions`; `gaps`: inputs whose file is gone, was made again since, or has no
        record of how it was made.
    """
    shared = _Shared()
    described: dict[str, Any] = {}
    for result in results:
        described[result.path] = {
            "files": {f.name: {"sha256": f.sha256, "bytes": f.size} for f in result.files},
            "record": None if result.record is None else shared.shorten(result.record),
        }
    upstream, gaps = _upstream(results, project)
    return {
        "format": FORMAT,
        "results": described,
        "upstream": {path: shared.shorten(record) for path, record in sorted(upstream.items())},
        "gaps": sorted(gaps, key=encode),
        "code": dict(sorted(shared.code.items())),
        "versions": dict(sorted(shared.versions.items())),
    }


class _Shared:
    """Parts that many records have in common, kept once by a digest."""

    def __init__(self) -> None:
        self.code: dict[str, Any] = {}
        self.versions: dict[str, Any] = {}

    def shorten(self, record: Record) -> Record:
        """Return a record with code and versions by their digests, and its own identity."""
        short = {**record, "versions": _keep(self.versions, record.get("versions", {}))}
        spec = record.get("spec")
        if spec:
            short["spec"] = {**spec, "code": _keep(self.code, spec.get("code", {}))}
        return short


def _keep(place: dict[str, Any], value: Mapping[str, Any]) -> str:
    """Keep a value under a digest of it, and return the digest."""
    digest = hashlib.sha256(encode(value).encode()).hexdigest()[:16]
    place[digest] = dict(value)
    return digest


def _upstream(
    results: Sequence[Result], project: Path
) -> tuple[dict[str, Record], list[dict[str, str]]]:
    """Follow the inputs of results to their beginnings, by the records that are there."""
    known = {f"results/{result.path}" for result in results}
    found: dict[str, Record] = {}
    gaps: list[dict[str, str]] = []
    identities: dict[str, str | None] = {}
    pending = [(f"results/{result.path}", result.spec) for result in results]
    while pending:
        of, spec = pending.pop()
        for path, identity in _inputs(spec):
            if path not in identities:
                record = read_record(project / path) if (project / path).exists() else None
                own = (record or {}).get("spec")
                identities[path] = identity_of(own) if own else None
                if record is not None and own and path not in known:
                    found[path] = without_places(record)
                    pending.append((path, own))
            if identities[path] != identity:
                state = _state(project / path, identities[path])
                gaps.append({"of": of, "input": path, "was": identity, "state": state})
    return found, gaps


def _state(path: Path, identity: str | None) -> str:
    """Say what became of an input that is no longer the one that was read."""
    if not path.exists():
        return "gone"
    return "made again since" if identity else "without a record"


def _inputs(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the inputs of a spec with the identities that they had."""
    for pairs in spec.get("inputs", {}).values():
        yield from pairs
