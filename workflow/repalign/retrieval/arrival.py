"""The raw folder: what is there already, what may be put there, and its record."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from repalign.errors import RepalignError
from repalign.retrieval.checksums import Hasher, hash_file
from repalign.retrieval.lock import Lock, Record
from repalign.retrieval.network import Network
from repalign.retrieval.plan import WORK, check_relative
from repalign.retrieval.sources import RemoteFile
from repalign.retrieval.transfer import PART, fetch, mismatch, move_into_place, occupied
from repalign.retrieval.unpack import Member, unpack

log = logging.getLogger("repalign")


class Arrival:
    """What judges files that are there, and puts new ones beside them.

    Parameters
    ----------
    root : Path
        The raw folder.
    lock : Lock
        Its record.
    network : Network
        What sends requests.
    is_full : bool
        Whether every recorded file is read again; else those whose time or size changed.
    """

    def __init__(self, root: Path, lock: Lock, network: Network, *, is_full: bool) -> None:
        self._root = root
        self._lock = lock
        self._network = network
        self._is_full = is_full

    # ------------------------------------------------------------------ what is there

    def is_there(self, remote: RemoteFile) -> bool:
        """Say whether a file is there, and is what it should be.

        Raises
        ------
        RepalignError
            If another file is in its place.
        """
        if remote.is_archive:
            return self._is_unpacked(remote)
        path = self._place(remote.path)
        if not path.exists():
            return False
        record = self._lock.get(remote.path)
        if record is not None:
            self._compare(record, remote.checksum)
        else:
            self._adopt(remote, path)
        return True

    def _place(self, name: str) -> Path:
        """Return where a file lies; a link that leads out of the folder is the user's own."""
        path = self._below(name)
        if path.is_dir():
            raise occupied(path, "a folder")
        return path

    def _below(self, name: str) -> Path:
        """Return a path below the folder; one that cannot be made is refused before it is due."""
        relative = check_relative(name, str(self._root))
        for place in (relative, *relative.parents):
            path = self._root / place
            if path.is_symlink() and not path.exists():
                raise occupied(path, "a link that leads nowhere")
        return self._root / relative

    def _compare(self, record: Record, checksum: str | None = None) -> None:
        """Compare a file with its record, by reading it where it may have changed."""
        path = self._root / record.path
        stat = path.stat()
        is_untouched = (stat.st_size, stat.st_mtime_ns) == (record.size, record.modified)
        is_covered = checksum is None or checksum in (record.verified, f"sha256:{record.sha256}")
        if is_untouched and is_covered and not self._is_full:
            return
        hasher = hash_file(path, Hasher())
        if hasher.sha256 != record.sha256:
            raise occupied(path, "not the file that was fetched: it was changed since")
        if checksum is not None and hasher.of(checksum) != checksum:
            raise occupied(path, f"{hasher.of(checksum)}, fetched before the register changed")
        self._lock.add([_record(record.path, path, hasher, record.verified, record.source)])

    def _adopt(self, remote: RemoteFile, path: Path) -> None:
        """Take a file that somebody put there, if it is the one that would be fetched."""
        size = path.stat().st_size
        if remote.size is None and remote.checksum is None:
            # Nobody says more of it than its server, which is asked only where it matters.
            remote = replace(remote, size=self._network.size_of(remote.source))
        if remote.size is not None and size != remote.size:
            raise occupied(path, f"another file: {size} bytes, not {remote.size}")
        hasher = hash_file(path, Hasher(remote.size, remote.etag))
        problem = mismatch(remote, hasher)
        if problem is not None:
            raise occupied(path, f"another file: {problem[0]}, not {problem[1]}")
        verified = _verified(remote, hasher)
        if verified in ("size", "nothing"):
            log.warning("%s was there and is taken as it is: its publisher gives no sum", path)
        self._lock.add([_record(remote.path, path, hasher, verified, remote.source)])

    def _is_unpacked(self, remote: RemoteFile) -> bool:
        """Say whether all members of an archive are there."""
        members = self._known_members(remote)
        folder = self._below(remote.path)
        if not members:
            if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
                raise occupied(folder, "files that the record does not know")
            return False
        for record in members:
            if not (self._root / record.path).exists():
                return False
            if record.modified:
                self._compare(record)
        return all(record.modified for record in members)

    def _known_members(self, remote: RemoteFile) -> list[Record]:
        """Return what an archive held when it came; not what came from it to another folder."""
        start = f"{remote.path}/"
        return [one for one in self._lock.members(remote.source) if one.path.startswith(start)]

    # ------------------------------------------------------------------ what comes

    def begun(self, remote: RemoteFile) -> int:
        """Return how many bytes of a file or archive have arrived already, and lie aside."""
        place = self._root / (f"{WORK}/{remote.item}" if remote.is_archive else remote.path)
        aside = (place.with_name(place.name + PART), *([place] if remote.is_archive else []))
        return sum(path.stat().st_size for path in aside if path.is_file())

    def fetch(self, remote: RemoteFile, report: Callable[[int], None]) -> None:
        """Fetch a file and put it in place, or an archive and put its files in place."""
        if remote.is_archive:
            self._fetch_archive(remote, report)
            return
        path = self._place(remote.path)
        known = self._lock.get(remote.path)
        hasher = fetch(remote, path, self._network, report)
        if known is not None and known.sha256 != hasher.sha256 and remote.checksum is None:
            path.unlink()
            raise _other_than_before(remote, known.sha256, hasher.sha256)
        record = _record(remote.path, path, hasher, _verified(remote, hasher), remote.source)
        self._lock.add([record])

    def _fetch_archive(self, remote: RemoteFile, report: Callable[[int], None]) -> None:
        """Fetch an archive, unpack it aside, then move its files into place.

        The record is written before the files move, so that a run that was stopped in between
        knows whose they are.
        """
        work = self._root / WORK
        archive, aside = work / remote.item, work / f"{remote.item}.unpacked"
        name = f"{WORK}/{remote.item}"
        known = self._lock.get(name)
        if archive.exists() and (
            known is None or known.sha256 != hash_file(archive, Hasher()).sha256
        ):
            archive.unlink()
        if not archive.exists():
            hasher = fetch(remote, archive, self._network, report)
            verified = _verified(remote, hasher)
            self._lock.add([_record(name, archive, hasher, verified, remote.source)])
        members = unpack(archive, aside)
        self._check_before(remote, members)
        self._lock.add(
            _of_member(remote, member, 0)
            for member in members
            if self._lock.get(f"{remote.path}/{member.path}") is None
        )
        moved = [self._move(remote, member, aside) for member in members]
        self._lock.add(moved)
        shutil.rmtree(aside)
        archive.unlink()

    def _check_before(self, remote: RemoteFile, members: list[Member]) -> None:
        """Compare an archive with what it held when it was first fetched."""
        for member in members:
            known = self._lock.get(f"{remote.path}/{member.path}")
            if known is not None and known.sha256 != member.sha256:
                raise _other_than_before(remote, known.sha256, member.sha256)
        names = {f"{remote.path}/{member.path}" for member in members}
        missing = [one for one in self._known_members(remote) if one.path not in names]
        if missing:
            raise _less_than_before(remote, missing)

    def _move(self, remote: RemoteFile, member: Member, aside: Path) -> Record:
        """Put a member in place, unless it is there already."""
        target = self._root / remote.path / member.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            move_into_place(aside / member.path, target)
        elif hash_file(target, Hasher()).sha256 != member.sha256:
            raise occupied(target, "another file than that of the archive")
        return _of_member(remote, member, target.stat().st_mtime_ns)


def _verified(remote: RemoteFile, hasher: Hasher) -> str:
    """Return what a file was compared with."""
    if remote.checksum is not None:
        return remote.checksum
    if hasher.agrees_with_etag():
        return "etag"
    return "nothing" if remote.size is None else "size"


def _record(name: str, path: Path, hasher: Hasher, verified: str, source: str) -> Record:
    modified = path.stat().st_mtime_ns
    return Record(name, hasher.size, hasher.sha256, verified, source, modified)


def _of_member(remote: RemoteFile, member: Member, modified: int) -> Record:
    return Record(
        f"{remote.path}/{member.path}",
        member.size,
        member.sha256,
        "archive",
        f"{remote.source}!{member.name}",
        modified,
    )


def _other_than_before(remote: RemoteFile, known: str, found: str) -> RepalignError:
    return RepalignError(
        f"sha256:{found}",
        where=remote.source,
        expected=f"sha256:{known}, as when it was first fetched",
        remedy="The source changed. Find out why before you use it; to take the new one, delete "
        "the row of the file in retrieved.tsv.",
    )


def _less_than_before(remote: RemoteFile, missing: list[Record]) -> RepalignError:
    names = ", ".join(one.source.removeprefix(f"{remote.source}!") for one in missing[:3])
    more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
    return RepalignError(
        f"an archive without {names}{more}",
        where=remote.source,
        expected="all files that it had when it was first fetched",
        remedy="The source changed. Find out why before you use it; to take the new one, delete "
        f"the rows of these files in retrieved.tsv. To fetch it again, delete {WORK}.",
    )
