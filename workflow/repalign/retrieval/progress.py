"""How far a retrieval is, said now and then."""

from __future__ import annotations

import logging
import threading
import time

log = logging.getLogger("repalign")

_EVERY = 15.0
"""Seconds between two lines of the log."""


class Progress:
    """Counts bytes and files of all connections.

    Parameters
    ----------
    n_files : int
        Files to fetch.
    n_bytes : int or None
        Their bytes, if all are known.
    """

    def __init__(self, n_files: int, n_bytes: int | None) -> None:
        self._n_files, self._n_bytes = n_files, n_bytes
        self._files = self._bytes = 0
        self._start = self._said = time.monotonic()
        self._guard = threading.Lock()

    def add(self, count: int) -> None:
        """Count bytes that have arrived."""
        with self._guard:
            self._bytes += count
            if time.monotonic() - self._said >= _EVERY:
                self._say()

    def finish(self, name: str) -> None:
        """Count a file that is in place."""
        with self._guard:
            self._files += 1
            log.info("%s is there", name)
            self._say()

    def _say(self) -> None:
        now = time.monotonic()
        rate = self._bytes / max(now - self._start, 1e-3)
        text = f"{self._files} of {self._n_files} files, {amount(self._bytes)}"
        if self._n_bytes is not None:
            text += f" of {amount(self._n_bytes)}"
        text += f", {amount(rate)}/s"
        if self._n_bytes is not None and rate > 0 and self._bytes < self._n_bytes:
            text += f", about {_duration((self._n_bytes - self._bytes) / rate)} left"
        log.info("%s", text)
        self._said = now


def amount(count: float) -> str:
    """Return a number of bytes for people."""
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count:.0f} B"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
