"""Identity of files that come from outside the workflow: by content, taken once, kept by stat.

Snakemake decides by modification time whether a file of more than a megabyte changed. Raw
recordings are copied, synchronised and touched without changing, so that would recompute
everything. Here a file is known by a digest of its content. The digest is taken once and kept
in a small table with the file's size and time; only a file whose size or time differs from the
table is looked at again.
"""

from __future__ import annotations

import csv
import hashlib
import logging
import os
from dataclasses import astuple, dataclass
from io import BufferedReader
from pathlib import Path
from stat import S_ISDIR
from typing import Literal

from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_file
from repalign.tables.checksums import text_checksum
from repalign.tables.stamps import Stamp

log = logging.getLogger(__name__)

IdentityMode = Literal["quick", "full"]

FULL_BELOW = 64 * 2**20
"""Files up to this many bytes are always digested whole."""
SAMPLES = 64
SAMPLE_BYTES = 64 * 2**10
_FIELDS = ("path", "size", "mtime_ns", "ctime_ns", "identity", "checksum")


@dataclass(frozen=True)
class Entry:
    """One row of the manifest: size in bytes, times in nanoseconds, identity of the content.

    The time of the last status change is kept too, because a copy can carry over the time of
    the last modification.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    identity: str


class Manifest:
    """Identities of external files, with a table on disk as their memory.

    Parameters
    ----------
    table : Path
        The tab-separated table; made when first saved.
    mode : {"quick", "full"}
        `full` digests every byte. `quick` digests files of more than 64 MiB by their size and
        64 evenly spaced blocks, first and last included; the last bytes of a gzip file hold the
        checksum and length of its content, so no change of a compressed recording escapes it.

    Attributes
    ----------
    trusts_times : bool
        Whether a file of the same size and times is taken for unchanged; otherwise every file is
        read once again.
    """

    def __init__(self, table: Path, mode: IdentityMode = "quick") -> None:
        self.table = table
        self.mode = mode
        self.trusts_times = True
        self._fresh: set[str] = set()
        self._entries = _read_table(table)
        self._changed = False

    def identity(self, path: str | Path, name: str = "input") -> str:
        """Return the identity of a file's content, or of all that a folder holds.

        Parameters
        ----------
        path : str or Path
            A file, or a folder of files.
        name : str
            What the file is, for messages.

        Returns
        -------
        str
            `sha256:<digest>` of the whole content, `quick:<digest>`, or, for a folder,
            `folder:<digest>` of the names and identities of all files below it. Hidden files
            and folders do not count.

        Raises
        ------
        RepalignError
            If the file does not exist or cannot be read.
        """
        path = Path(path)
        try:
            stat = path.stat()
        except OSError as error:
            raise RepalignError(
                f"no readable file ({error.strerror})",
                where=path,
                expected=f"a file ({name.replace('_', ' ')} of the dataset)",
                remedy=(
                    "Fetch the file, or say where it is: raw files are named by `raw` and `files` "
                    "of the dataset in config/config.yaml."
                ),
            ) from error
        if S_ISDIR(stat.st_mode):
            return self._folder_identity(path, name)
        prefix = "sha256:" if self.mode == "full" or stat.st_size <= FULL_BELOW else "quick:"
        stamp = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
        known = self.recall(path, stamp)
        if known is not None and known.startswith(prefix):
            return known
        with path.open("rb") as file:
            identity = prefix + _digest(file, stat.st_size, whole=prefix == "sha256:")
        before = self._entries.get(str(path))
        if before and before.identity != identity and before.identity.startswith(prefix):
            log.warning(
                "%s: not the content that was read before; what depends on it is made again. "
                "If you did not change the file, it was damaged: put it right first.",
                path,
            )
        self.keep(path, stamp, identity)
        return identity

    def recall(self, path: Path, stamp: Stamp) -> str | None:
        """Return what is known of a file, if its size and times are those of that time.

        Parameters
        ----------
        path : Path
            The file or folder.
        stamp : (int, int, int)
            Its present size and times.

        Returns
        -------
        str or None
            The identity that was kept.
        """
        known = self._entries.get(str(path))
        if known is None or not (self.trusts_times or str(path) in self._fresh):
            return None
        same = (known.size, known.mtime_ns, known.ctime_ns) == stamp
        return known.identity if same else None

    def keep(self, path: Path, stamp: Stamp, identity: str) -> None:
        """Keep what is known of a file of this size and these times."""
        entry = Entry(*stamp, identity)
        self._fresh.add(str(path))
        if self._entries.get(str(path)) != entry:
            self._entries[str(path)] = entry
            self._changed = True

    def _folder_identity(self, folder: Path, name: str) -> str:
        """Digest the names and identities of all files below a folder."""
        found = [
            Path(parent, file).relative_to(folder)
            for parent, inner, files in os.walk(folder, followlinks=True)
            if _only_visible(inner)
            for file in files
            if not file.startswith(".")
        ]
        digest = hashlib.sha256()
        for path in sorted(found, key=Path.as_posix):
            line = f"{path.as_posix()}\0{self.identity(folder / path, name)}\n"
            digest.update(line.encode(errors="surrogateescape"))
        return "folder:" + digest.hexdigest()

    def save(self) -> None:
        """Write the table if anything in it changed; a folder that refuses it is only noted."""
        if not self._changed:
            return
        try:
            with atomic_file(self.table) as temporary, temporary.open("w", newline="") as file:
                rows = csv.writer(file, delimiter="\t", lineterminator="\n")
                rows.writerow(_FIELDS)
                for path, entry in sorted(self._entries.items()):
                    rows.writerow((path, *astuple(entry), _row_checksum(path, entry)))
        except (OSError, RepalignError) as error:
            # The table only saves time: identities are the same without it.
            log.warning("the manifest of raw files could not be kept: %s", error)
            return
        self._changed = False


def _only_visible(folders: list[str]) -> bool:
    """Keep a walk out of hidden folders: take them off its own list. Always true."""
    folders[:] = [folder for folder in folders if not folder.startswith(".")]
    return True


def _digest(file: BufferedReader, size: int, *, whole: bool) -> str:
    """Digest a file, all of it or its size and evenly spaced blocks."""
    if whole:
        return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256(str(size).encode())
    last = max(0, size - SAMPLE_BYTES)
    for k in range(SAMPLES):
        file.seek(last * k // (SAMPLES - 1))
        digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()


def _read_table(table: Path) -> dict[str, Entry]:
    """Read the table; one that cannot be read is as good as none, for it is only a memory."""
    if not table.is_file():
        return {}
    entries: dict[str, Entry] = {}
    try:
        with table.open(newline="", encoding="utf-8", errors="replace") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
    except (OSError, csv.Error) as error:
        log.warning("%s: cannot be read (%s); all files are read again", table, error)
        return {}
    lost = 0
    for row in rows:
        try:
            path = row["path"]
            entry = Entry(
                int(row["size"]), int(row["mtime_ns"]), int(row["ctime_ns"]), row["identity"]
            )
            if row["checksum"] != _row_checksum(path, entry):
                raise ValueError("not the row that was written")
        except (KeyError, TypeError, ValueError):
            lost += 1
        else:
            entries[path] = entry
    if lost:
        log.warning("%s: %d rows cannot be read; those files are read again", table, lost)
    return entries


def _row_checksum(path: str, entry: Entry) -> str:
    """Return what ends a row, so that a damaged one is seen."""
    return text_checksum("\t".join(str(value) for value in (path, *astuple(entry))))
