"""Texts that are finished, kept beside the output until all are there."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from repalign.errors import RepalignError

log = logging.getLogger("repalign")


class Journal:
    """A file of JSON lines: the identity of the job, then a line a finished image.

    A line is added as soon as its image is done, and counts only once it is whole, so the file
    is good whenever the job dies. It is taken up again by a job of the same identity alone, and
    by any other one thrown away.

    Parameters
    ----------
    output : Path
        The file that the texts are for; the journal lies beside it.
    identity : str or None
        All that the texts depend on. None: texts of an earlier job are never taken up.

    Attributes
    ----------
    texts : dict of int to str
        Finished texts by the id of their image.
    """

    def __init__(self, output: Path, identity: str | None) -> None:
        self.path = output.with_name(output.name + ".partial.jsonl")
        self.texts: dict[int, str] = {}
        self._identity = identity
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            good = self._read()
            self._file = self.path.open("r+b" if good else "wb")
            self._file.truncate(good)
            self._file.seek(good)
            if not good:
                self._write({"identity": self._identity})
        except OSError as error:
            raise RepalignError(
                f"not writable ({error.strerror})",
                where=self.path,
                expected="a file for the texts that are finished",
                remedy="Mend the folder, then run the same command again.",
            ) from error
        if self.texts:
            log.info("%d texts of an interrupted job are taken up", len(self.texts))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, image: int, text: str) -> None:
        """Keep the text of an image."""
        self._write({"id": image, "text": text})
        self.texts[image] = text

    def remove(self) -> None:
        """Delete the file: its texts are in the output now."""
        self.path.unlink(missing_ok=True)

    def _write(self, entry: dict[str, object]) -> None:
        if self._file is None:
            raise ValueError("a journal is used in a `with` block")
        self._file.write(json.dumps(entry, ensure_ascii=True).encode() + b"\n")
        self._file.flush()

    def _read(self) -> int:
        """Read the texts of an earlier job; return how many bytes of the file are good."""
        if self._identity is None or not self.path.is_file():
            return 0
        good = 0
        with self.path.open("rb") as file:
            for number, line in enumerate(file):
                entry = _entry(line)
                if number == 0 and entry != {"identity": self._identity}:
                    log.info("%s is of another job and is not taken up", self.path.name)
                    return 0
                if number and entry is None:
                    break
                if entry and number:
                    self.texts[entry["id"]] = entry["text"]
                good += len(line)
        return good


def _entry(line: bytes) -> dict[str, Any] | None:
    """Return what a line holds, or None if it was not written to its end."""
    try:
        entry = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
