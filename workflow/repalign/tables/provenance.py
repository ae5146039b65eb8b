"""What a file says about how it was made: carried in the file itself or in a file beside it.

Parquet tables carry the record in their schema metadata and PNG figures in a text chunk; every
other format has a `<name>.provenance.json` beside it, and a folder a `provenance.json` inside.
The record holds no time and no path of the machine, so that equal work gives equal bytes.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import repalign
from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_file
from repalign.tables.checksums import (
    broken_png,
    broken_seal,
    content_checksums,
    is_sealed,
    text_checksum,
)
from repalign.tables.stamps import leave_stamp, stamp

KEY = "repalign"
RECORDED_PACKAGES = (
    "h5py",
    "isal",
    "matplotlib",
    "nibabel",
    "numpy",
    "pandas",
    "pyarrow",
    "scipy",
)

Record = dict[str, Any]


def make_record(spec: str | None) -> Record:
    """Describe one job: its spec and the versions that ran it.

    Parameters
    ----------
    spec : str or None
        Canonical JSON of the job as the workflow hands it to every script; None for a script
        that was run by hand.

    Returns
    -------
    dict
        `spec` (parsed), `dataset_source` (real, simulated or None) and `versions`.

    Raises
    ------
    RepalignError
        If the spec is not a JSON object.
    """
    parsed = parse_spec(spec) if spec else None
    params = (parsed or {}).get("params", {})
    versions = {"python": platform.python_version(), "repalign": repalign.__version__}
    versions |= versions_of(RECORDED_PACKAGES)
    return {
        "spec": parsed,
        "dataset_source": params.get("source"),
        "versions": versions,
    }


def versions_of(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of installed packages by name."""
    return {name: version(name) for name in packages}


def parse_spec(spec: str) -> Record:
    """Read the spec of a command line.

    Parameters
    ----------
    spec : str
        Canonical JSON, as the workflow writes it.

    Returns
    -------
    dict
        The spec.

    Raises
    ------
    RepalignError
        If it is no JSON object.
    """
    try:
        parsed = json.loads(spec)
    except json.JSONDecodeError:
        parsed = None
    if not isinstance(parsed, dict):
        raise RepalignError(
            f"{spec[:80]!r}",
            where="--spec",
            expected="a JSON object, as the workflow writes it",
            remedy="Leave the option out when you run a script by hand.",
        )
    return parsed


def encode(record: Mapping[str, Any]) -> str:
    """Return the canonical text of a record: sorted keys, no spaces, one spelling per value."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sidecar(path: Path) -> Path:
    """Return the file that holds the provenance of `path` where its format has no place for it."""
    return path.with_name(path.name + ".provenance.json")


def write_sidecar(path: str | Path, record: Mapping[str, Any]) -> None:
    """Write the provenance of a file or folder beside it.

    Write it after the file itself: a file with an old record, or with none, is not taken for
    current, whereas an old file with a new record would be. The record is given the checksums of
    what it describes (`content`), and one of its own (`checksum`). Its file, but not its text, is
    given the stamp of what it describes.

    Parameters
    ----------
    path : str or Path
        The file or folder that the record describes.
    record : mapping
        As made by `make_record`.
    """
    path = Path(path)
    found = stamp(path)
    described = {**record, "content": content_checksums(path)}
    described["checksum"] = text_checksum(encode(described))
    with atomic_file(sidecar(path)) as temporary:
        temporary.write_text(encode(described) + "\n", encoding="utf-8")
        leave_stamp(temporary, found)


def read_record(path: str | Path) -> Record | None:
    """Read how a file was made.

    Parameters
    ----------
    path : str or Path
        A result file or folder.

    Returns
    -------
    dict or None
        The record, or None if the file has none (it was not made by this workflow). What lies
        beside a file has the checksums of the file under `content`.

    Raises
    ------
    RepalignError
        If the file or its provenance cannot be read.
    """
    path = Path(path)
    text: str | bytes | None = _embedded(path)
    if text is None:
        beside = sidecar(path)
        if not beside.is_file():
            return None
        text = beside.read_bytes()
    try:
        record = json.loads(text)
    except ValueError as error:
        raise RepalignError(
            f"provenance that is not JSON ({error})",
            where=path,
            expected="the record that the workflow writes",
            remedy="Delete the file and run the workflow again.",
        ) from error
    if not isinstance(record, dict):
        return None
    checksum = record.pop("checksum", None)
    if checksum is not None and checksum != text_checksum(encode(record)):
        raise RepalignError(
            "provenance that is not what was written",
            where=sidecar(path),
            expected=f"text with the checksum {checksum}",
            remedy="Delete it and what it describes, and run the workflow again.",
        )
    return record


def _embedded(path: Path) -> str | bytes | None:
    """Return the text of the record inside a parquet or PNG file, if there is one."""
    if path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            metadata = pq.read_schema(path).metadata or {}
        except (pa.ArrowException, OSError, ValueError) as error:
            raise RepalignError(
                f"a parquet file that cannot be opened ({error})",
                where=path,
                expected="a complete parquet file",
                remedy="Delete it and run the workflow again.",
            ) from error
        value = metadata.get(KEY.encode())
        # A foreign file has neither record nor checksum; ours has lost its record by damage.
        if not value and is_sealed(path) and (harm := broken_seal(path)) is not None:
            raise RepalignError(
                harm,
                where=path,
                expected="a parquet file as it was written",
                remedy="Delete it and run the workflow again.",
            )
        return bytes(value) if value else None
    if path.suffix == ".png":
        from PIL import Image, UnidentifiedImageError

        try:
            # A chunk that is not whole can bring the library to any error.
            if (harm := broken_png(path)) is not None:
                raise UnidentifiedImageError(harm)
            with Image.open(path) as image:
                text = image.info.get(KEY)
        except (UnidentifiedImageError, OSError) as error:
            raise RepalignError(
                f"a PNG file that cannot be opened ({error})",
                where=path,
                expected="a complete PNG file",
                remedy="Delete it and run the workflow again.",
            ) from error
        return str(text) if text else None
    return None
