"""Files of weights: listed, checked, and never unpickled.

Weights are read from safetensors files; where there are none, from PyTorch files by its reader
of plain tensors (`weights_only`), which runs nothing that a file says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError

from repalign.errors import RepalignError

SAFE = "model.safetensors"
PLAIN = "pytorch_model.bin"


@dataclass(frozen=True)
class Weights:
    """Where the weights of a model come from.

    Attributes
    ----------
    source : str
        `hub`, `local-dir` or `random`.
    path : str
        Id on the hub or folder; empty where the model's id says it. Random weights take their
        architecture from there.
    revision : str
        Commit, tag or branch on the hub; empty for the newest.
    sha256 : str
        Digest of the weight files, see `files_digest`; empty to check nothing.
    seed : int, optional
        Of random weights.
    """

    source: str
    path: str
    revision: str
    sha256: str
    seed: int | None = None


def weight_files(folder: Path) -> list[Path]:
    """List the files that hold the weights of a folder.

    Parameters
    ----------
    folder : Path
        The model's folder.

    Returns
    -------
    list of Path
        All safetensors files or, if there are none, all PyTorch files; sorted.

    Raises
    ------
    RepalignError
        If there is neither, or a part is missing.
    """
    for name in (SAFE, PLAIN):
        if (folder / name).is_file():
            return [folder / name]
        index = folder / f"{name}.index.json"
        if index.is_file():
            return _parts(index)
    raise _error("no weights", folder, f"{SAFE}, or its parts and {SAFE}.index.json")


def is_safe(files: Sequence[Path]) -> bool:
    """Say whether weights lie in safetensors files."""
    return all(file.suffix == ".safetensors" for file in files)


def files_digest(files: Sequence[Path]) -> str:
    """Compute the digest of weight files that the registry's column `sha256` holds.

    Parameters
    ----------
    files : sequence of Path
        The files.

    Returns
    -------
    str
        The SHA-256 of one file; of several, that of the text with a line `<sha256>  <name>`
        for each, ordered by name, which is what `sha256sum <files> | sha256sum` prints.
    """
    digests = []
    for file in sorted(files, key=lambda file: file.name):
        with file.open("rb") as stream:
            digests.append((hashlib.file_digest(stream, "sha256").hexdigest(), file.name))
    if len(digests) == 1:
        return digests[0][0]
    listing = "".join(f"{digest}  {name}\n" for digest, name in digests)
    return hashlib.sha256(listing.encode()).hexdigest()


def check_digest(files: Sequence[Path], expected: str) -> None:
    """Refuse weight files that are not those of the registry.

    Parameters
    ----------
    files : sequence of Path
        The files.
    expected : str
        The digest that `files_digest` should give; empty to check nothing.

    Raises
    ------
    RepalignError
        If the digest is another.
    """
    if expected and (found := files_digest(files)) != expected.lower():
        raise RepalignError(
            f"weights with SHA-256 {found}",
            where=files[0] if len(files) == 1 else files[0].parent,
            expected=f"{expected}, as the registry of models says",
            remedy="Fetch the weights again, or correct `revision` or `sha256` in the registry.",
        )


def checked_files(folder: Path, sha256: str) -> list[Path]:
    """List the weight files of a folder after checking their digest.

    Parameters
    ----------
    folder : Path
        The model's folder.
    sha256 : str
        The digest that `files_digest` should give; empty to check nothing.

    Returns
    -------
    list of Path
        As from `weight_files`.

    Raises
    ------
    RepalignError
        If there are none, a part is missing, or the digest is another.
    """
    files = weight_files(folder)
    check_digest(files, sha256)
    return files


def loading_errors() -> tuple[type[Exception], ...]:
    """Return what libraries raise for damaged weights, or weights or settings of another model."""
    from safetensors import SafetensorError

    return (
        OSError, RuntimeError, ValueError, TypeError, LookupError, AttributeError, AssertionError,
        EOFError, UnpicklingError, SafetensorError,
    )  # fmt: skip


def reason(error: Exception) -> str:
    """Return the first line of what a library said."""
    return next(iter(str(error).splitlines()), "") or repr(error)


def unreadable(folder: Path, error: Exception) -> RepalignError:
    """Make the error of a model that cannot be loaded.

    Parameters
    ----------
    folder : Path
        The model's folder.
    error : Exception
        What the library raised.

    Returns
    -------
    RepalignError
        With the first line of what the library said.
    """
    # timm wraps it.
    if any(isinstance(e, UnpicklingError) for e in (error, error.__cause__, error.__context__)):
        return RepalignError(
            "a pickled checkpoint that holds more than tensors, which is not loaded",
            where=folder,
            expected=f"{SAFE}, or a PyTorch file of plain tensors",
            remedy="Convert the weights to safetensors where you trust them, and name that "
            "folder as a `local-dir` in the registry of models.",
        )
    return _error(f"a model that does not load ({reason(error)})", folder, "one whole model")


def is_complete(folder: Path, name: str) -> bool:
    """Say whether a folder has all weights of a format, `SAFE` or `PLAIN`."""
    if (folder / name).is_file():
        return True
    index = folder / f"{name}.index.json"
    return index.is_file() and all(part.is_file() for part in _names(index))


def _names(index: Path) -> list[Path]:
    """Read which files an index lists; all lie beside it."""
    try:
        parts = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
        return sorted({index.parent / Path(part).name for part in parts})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _error(f"an unreadable index ({error})", index, "a `weight_map`") from error


def _parts(index: Path) -> list[Path]:
    """List the parts of an index, refusing one that lacks any."""
    parts = _names(index)
    missing = [part.name for part in parts if not part.is_file()]
    if missing or not parts:
        raise _error(f"no {', '.join(missing) or 'part'}", index, "every part that it lists")
    return parts


def _error(found: str, where: Path, expected: str) -> RepalignError:
    remedy = "Fetch the model again, or correct `path` in the registry of models."
    return RepalignError(found, where=where, expected=expected, remedy=remedy)
