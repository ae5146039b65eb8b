"""What tells, without reading it, that a result is the one that was written or read whole.

Size, and times of modification and change, of a file. The time of change can be neither set nor
copied, so that a copy of a file, or one whose permissions were changed, has another stamp. A stamp
is of one machine, and records must have equal bytes everywhere; so it is no part of a record, but
an extended attribute of the file that holds it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from repalign.tables.checksums import visible_files

Stamp = tuple[int, int, int]
"""Size in bytes, and times of modification and change in nanoseconds."""

ATTRIBUTE = "user.repalign.stamp"


def stamp(path: Path) -> Stamp:
    """Return size, and times of modification and change, of a file or of all files in a folder.

    Parameters
    ----------
    path : Path
        A file or folder.

    Returns
    -------
    (int, int, int)
        Bytes, and nanoseconds; of a folder the sum and the latest times.
    """
    if not path.is_dir():
        stat = path.stat()
        return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
    stats = [(path / name).stat() for name in visible_files(path)]
    return (
        sum(stat.st_size for stat in stats),
        max((stat.st_mtime_ns for stat in stats), default=0),
        max((stat.st_ctime_ns for stat in stats), default=0),
    )


def leave_stamp(beside: Path, found: Stamp) -> None:
    """Attach the stamp of a result to the file that holds its record.

    Where a file system has no such attributes, or the file may not be changed, nothing happens:
    the result is then read once by each who wants to be sure of it.

    Parameters
    ----------
    beside : Path
        The file that holds the record.
    found : (int, int, int)
        The stamp of the result when, or before, it was read whole.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setxattr(beside, ATTRIBUTE, " ".join(map(str, found)).encode())


def has_stamp(beside: Path, found: Stamp) -> bool:
    """Say whether a stamp is the one that is attached to a record."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            return os.getxattr(beside, ATTRIBUTE) == " ".join(map(str, found)).encode()
    return False
