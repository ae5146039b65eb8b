"""Which files below `results/` are results to pass on, and not steps on the way to them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from repalign.tables.paths import DOCUMENTS, INTERMEDIATE, MANIFEST, RESULT_SUMS
from repalign.tables.provenance import sidecar

_SIDECAR = sidecar(Path("x")).name.removeprefix("x")
_OWN = {Path(path).name for path in (*DOCUMENTS.values(), MANIFEST, RESULT_SUMS)}
_NOT_PASSED_ON = _OWN | {name + _SIDECAR for name in _OWN}


def find_results(folder: Path) -> list[str]:
    """Return the results in a folder, relative to it, sorted.

    Parameters
    ----------
    folder : Path
        `results`, or a copy of it.

    Returns
    -------
    list of str
        Files, and folders that one job made. Left out are intermediate files, records beside
        files, what a killed job left, and the files that describe the results.
    """
    if not folder.is_dir():
        return []
    return sorted(path.relative_to(folder).as_posix() for path in _walk(folder, folder))


def _walk(folder: Path, root: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith(".") or path.name.endswith(_SIDECAR):
            continue
        if folder == root and path.name in _NOT_PASSED_ON:
            continue
        if not path.is_dir() or sidecar(path).is_file():
            yield path
        elif path.name not in INTERMEDIATE:
            yield from _walk(path, root)


def files_of(folder: Path, result: str) -> list[str]:
    """Return the files of a result, relative to the folder of results, sorted.

    Parameters
    ----------
    folder : Path
        The folder of results.
    result : str
        As `find_results` returns it.

    Returns
    -------
    list of str
        The file itself or all files in the folder, and the record beside it if there is one.
    """
    path = folder / result
    inner = [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
    beside = [sidecar(path)] if sidecar(path).is_file() else []
    found = [p.relative_to(folder) for p in (*inner, *beside)]
    return sorted(p.as_posix() for p in found if not any(q.startswith(".") for q in p.parts))


def content_of(sums: Iterable[tuple[str, str]]) -> str:
    """Return one digest of the content of many files.

    Parameters
    ----------
    sums : iterable of tuple
        Name of a file, and the SHA-256 of its content in hexadecimal digits.
    """
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums))
    return "set:" + hashlib.sha256(lines.encode()).hexdigest()
