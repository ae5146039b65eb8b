"""What outputs are worth: judged from their bytes and records, never from file times alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from repalign.dag.manifest import Manifest
from repalign.errors import RepalignError
from repalign.tables.integrity import changes, damage, untouched, vouch
from repalign.tables.provenance import read_record
from repalign.tables.stamps import stamp

Standing = Literal["current", "stale", "damaged", "missing", "unknown"]


def standing_of(
    outputs: Sequence[Path], spec_text: Callable[[], str], checked: Manifest
) -> Standing:
    """Judge the outputs of a job; see `Verdict.state` in `repalign.dag.staleness`.

    Parameters
    ----------
    outputs : sequence of Path
        All outputs, the main one first.
    spec_text : callable
        Gives what they would be made from now, as canonical JSON. It is only asked where there is
        a record to compare it with, since it may read raw files.
    checked : Manifest
        Memory of results that were found whole.

    Returns
    -------
    str
        `current`, `stale`, `damaged`, `missing` or `unknown`.
    """
    if not outputs[0].exists():
        return "missing"
    try:
        record = read_record(outputs[0])
    except RepalignError:
        return "damaged"
    if record is None or not record.get("spec"):
        return "unknown"
    if record["spec"] != json.loads(spec_text()):
        return "stale"
    return "damaged" if any(harm_of(path, checked) for path in outputs) else "current"


def harm_of(path: Path, checked: Manifest) -> str | None:
    """Say what is wrong with the bytes of a result; one that is not there has no harm.

    A result is read only if it was touched or copied since it was made, and once.

    Parameters
    ----------
    path : Path
        A file or folder of results.
    checked : Manifest
        Memory of results that were found whole; this one is added if it is.

    Returns
    -------
    str or None
        A sentence, or None.
    """
    if not path.exists():
        return None
    try:
        if (harm := damage(path)) is not None:
            return harm
        found = stamp(path)
        if checked.recall(path, found):
            return None
        record = read_record(path) or {}
        if not (checked.trusts_times and untouched(path, record)):
            harm = changes(path, record)
            if harm is None:
                # Jobs look there; what is kept below they do not read.
                vouch(path, record, found)
    except RepalignError as error:
        return error.found
    if harm is None:
        checked.keep(path, found, "whole")
    return harm
