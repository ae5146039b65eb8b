"""Fetching one file: resumed where it broke off, verified, and put in place at once."""

from __future__ import annotations

import errno
import json
import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from repalign.errors import RepalignError
from repalign.retrieval.answers import PassingError, pieces
from repalign.retrieval.checksums import CHUNK, Hasher, hash_file
from repalign.retrieval.network import Network, StoppedError
from repalign.retrieval.sources import RemoteFile
from repalign.tables.atomic import atomic_file

log = logging.getLogger("repalign")

PART, STATE = ".part", ".part.json"
"""Endings of what has arrived of a file, and of what is known of it."""
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_FRESH = 2
"""How often a file is fetched from its start before wrong bytes are believed."""
Report = Callable[[int], None]


def fetch(remote: RemoteFile, target: Path, network: Network, report: Report) -> Hasher:
    """Fetch a file, or the rest of it.

    Parameters
    ----------
    remote : RemoteFile
        What to fetch.
    target : Path
        Where it goes; nothing may be there.
    network : Network
        What sends requests.
    report : callable
        Told how many bytes have arrived; negative where they have to come again.

    Returns
    -------
    Hasher
        The checksums of the file in place.

    Raises
    ------
    RepalignError
        If it cannot be had, or is not what the register or the publisher says. What has arrived
        is kept for the next run, unless it is wrong.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for fresh in range(1, _FRESH + 1):
        hasher = _Part(remote, target, network, report).complete()
        problem = mismatch(remote, hasher)
        if problem is None:
            _put_in_place(target)
            return hasher
        _clear(target)
        report(-hasher.size)
        if fresh < _FRESH:
            log.warning("%s: %s instead of %s; from the start", remote.source, *problem)
    raise RepalignError(
        problem[0] if problem else "",
        where=remote.source,
        expected=problem[1] if problem else "",
        remedy="The source has other bytes than its publisher or the register says; they were "
        "deleted. Look for a new version, or a mirror that is damaged.",
    )


def mismatch(remote: RemoteFile, hasher: Hasher) -> tuple[str, str] | None:
    """Return what is wrong with a file, as found and expected; None if nothing is.

    Parameters
    ----------
    remote : RemoteFile
        What is known of it.
    hasher : Hasher
        All its bytes.
    """
    if remote.size is not None and hasher.size != remote.size:
        return f"{hasher.size} bytes", f"{remote.size} bytes"
    if remote.checksum is not None and hasher.of(remote.checksum) != remote.checksum:
        return hasher.of(remote.checksum), remote.checksum
    if hasher.agrees_with_etag() is False:
        return hasher.of("md5:"), f"md5:{remote.etag}, the ETag"
    return None


class _Part:
    """What has arrived of a file.

    It is continued only if the server says by ETag or time of change that the file is the same.
    """

    def __init__(self, remote: RemoteFile, target: Path, network: Network, report: Report) -> None:
        self._remote = remote
        self._path = target.with_name(target.name + PART)
        self._state = target.with_name(target.name + STATE)
        self._network = network
        self._report = report
        self._validator = ""
        self._size = remote.size
        self._hasher = Hasher(remote.size, remote.etag)

    def complete(self) -> Hasher:
        """Fetch until all bytes are there."""
        self._resume()
        failures = 0
        while True:
            before = self._hasher.size
            try:
                self._continue()
            except PassingError as error:
                failures = 1 if self._hasher.size > before else failures + 1
                self._network.wait(failures, error, self._remote.source)
            else:
                return self._hasher

    def _resume(self) -> None:
        """Take up what an earlier run left, if it is of the same file."""
        try:
            state = json.loads(self._state.read_text(encoding="utf-8"))
            known = (state["source"], state["size"], state["checksum"])
            validator = str(state["validator"])
            size = self._path.stat().st_size
        except (OSError, ValueError, KeyError, TypeError):
            self._restart()
            return
        ours = (self._remote.source, self._remote.size, self._remote.checksum)
        is_longer = self._remote.size is not None and size > self._remote.size
        if known != ours or not validator or is_longer:
            self._restart()
            return
        self._validator = validator
        hash_file(self._path, self._hasher)
        self._report(self._hasher.size)
        log.info("%s: goes on after %d bytes", self._remote.source, self._hasher.size)

    def _restart(self) -> None:
        """Forget what has arrived."""
        if self._hasher.size:
            self._report(-self._hasher.size)
        self._path.unlink(missing_ok=True)
        self._state.unlink(missing_ok=True)
        self._validator = ""
        self._hasher = Hasher(self._remote.size, self._remote.etag)

    def _continue(self) -> None:
        """Send one request, and append what comes."""
        if self._hasher.size and self._hasher.size == self._remote.size:
            return
        headers = {}
        if self._hasher.size and self._validator:
            headers = {"Range": f"bytes={self._hasher.size}-", "If-Range": self._validator}
        elif self._hasher.size:
            self._restart()
        answer = self._network.once(
            "GET", self._remote.source, headers=headers, allowed=frozenset({416})
        )
        with answer:
            if answer.status_code == 416:
                self._restart()
                raise PassingError("the server has no such range; from the start")
            if not self._fits(answer.status_code, answer.headers):
                if self._hasher.size:
                    log.warning("%s: changed, or has no ranges; anew", self._remote.source)
                self._restart()
                if answer.status_code == 206:
                    raise PassingError("another range than was asked for")
            self._begin(answer.headers)
            total = self._total(answer.headers)
            self._append(pieces(answer, CHUNK), total)
        if total is not None and self._hasher.size < total:
            raise PassingError(f"{self._hasher.size} of {total} bytes came")

    def _fits(self, status: int, headers: Mapping[str, str]) -> bool:
        """Say whether an answer continues what has arrived, of the same file."""
        if status != 206:
            return not self._hasher.size
        match = _RANGE.fullmatch(headers.get("Content-Range", ""))
        if match is None or int(match[1]) != self._hasher.size:
            return False
        is_same = _validator(headers) in ("", self._validator)
        return is_same and match[3] in ("*", str(self._size or match[3]))

    def _begin(self, headers: Mapping[str, str]) -> None:
        """Keep what makes it possible to go on later."""
        if self._hasher.size:
            return
        self._validator = _validator(headers)
        state = {
            "source": self._remote.source,
            "size": self._remote.size,
            "checksum": self._remote.checksum,
            "validator": self._validator,
        }
        with atomic_file(self._state) as temporary:
            temporary.write_text(json.dumps(state), encoding="utf-8")

    def _total(self, headers: Mapping[str, str]) -> int | None:
        """Return the size of the whole file, as the server says, if it does."""
        length = headers.get("Content-Length", "")
        said = self._hasher.size + int(length) if length.isdecimal() else None
        if said is not None and self._remote.size is not None and said != self._remote.size:
            raise RepalignError(
                f"{said} bytes",
                where=self._remote.source,
                expected=f"{self._remote.size} bytes, as the register or the list says",
                remedy="The file was changed. Run the command again; if it stays so, look for a "
                "new version.",
            )
        self._size = said if self._remote.size is None else self._remote.size
        return self._size

    def _append(self, stream: Iterator[bytes], total: int | None) -> None:
        """Write what comes; more than was said is not written."""
        with self._path.open("ab") as file:
            for piece in stream:
                if self._network.stop.is_set():
                    raise StoppedError
                if total is not None and self._hasher.size + len(piece) > total:
                    self._restart()
                    raise RepalignError(
                        f"more than {total} bytes",
                        where=self._remote.source,
                        expected=f"{total} bytes",
                        remedy="The server or a proxy sends something else than the file.",
                    )
                file.write(piece)
                self._hasher.update(piece)
                self._report(len(piece))
            file.flush()
            os.fsync(file.fileno())


def _validator(headers: Mapping[str, str]) -> str:
    """Return what tells a file from a changed one; a weak ETag does not tell bytes apart."""
    etag = headers.get("ETag", "")
    return etag if etag and not etag.startswith("W/") else headers.get("Last-Modified", "")


def _clear(target: Path) -> None:
    for ending in (PART, STATE):
        target.with_name(target.name + ending).unlink(missing_ok=True)


def _put_in_place(target: Path) -> None:
    """Give the file its name; a file that came there meanwhile stays."""
    move_into_place(target.with_name(target.name + PART), target)
    _clear(target)


def move_into_place(source: Path, target: Path) -> None:
    """Rename a file, but never over another.

    Parameters
    ----------
    source, target : Path
        In the same file system.

    Raises
    ------
    RepalignError
        If there is a file of the new name.
    """
    try:
        os.link(source, target)
    except FileExistsError:
        raise occupied(target, "a file that came while this one was fetched") from None
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
            raise
        # File systems without hard links leave a moment between the question and the renaming.
        if target.exists():
            raise occupied(target, "a file that came while this one was fetched") from None
        source.rename(target)
        return
    source.unlink()


def occupied(target: Path, found: str) -> RepalignError:
    """Return the error for a place that holds something else."""
    return RepalignError(
        found,
        where=target,
        expected="no file, or the one that is to be fetched",
        remedy="It was left as it is. Move it away if it is not wanted, then run the same "
        "command again; or leave the item out with retrieval.items.",
    )
