"""Remove the lock that a killed run left, and never that of a living one.

Snakemake locks a folder with files, which stay when the process is killed, by a power cut or a
dropped connection; the next run then asks for `--unlock`. Here a run also holds a lock of the
operating system, which ends with its process whatever happens. Who gets that one knows that no
other run of this machine is alive, so files left by this machine are of the dead. A run on
another machine is left to Snakemake, for not every network file system shares such locks; and so
is one that submitted jobs to a cluster, because these go on when it dies.
"""

from __future__ import annotations

import fcntl
import logging
import platform
from pathlib import Path
from typing import TextIO

log = logging.getLogger(__name__)

HOLDER = "repalign_holder"
SUBMITS = " submits jobs"
"""What follows the machine's name where the jobs of a run may outlive it."""
_held: list[TextIO] = []
"""Open files whose locks end with this process."""


def take_over(folder: Path, *, submits: bool = False) -> int:
    """Hold the lock of this process on a folder, and remove what dead runs left of theirs.

    Only the first call of a process does anything.

    Parameters
    ----------
    folder : Path
        Snakemake's folder, `.snakemake`.
    submits : bool
        Whether jobs of this process are submitted to a cluster.

    Returns
    -------
    int
        Number of files that were removed.
    """
    if _held:
        return 0
    holder = folder / HOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = holder.open("a+", encoding="utf-8")
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        # Another run is alive, or the folder or its file system will not have it: Snakemake's
        # own lock decides.
        return 0
    _held.append(file)
    file.seek(0)
    before = file.read().strip()
    left = list((folder / "locks").glob("*.lock"))
    removed = 0
    try:
        if before == platform.node():
            for lock in left:
                lock.unlink()
                removed += 1
        # Whose the locks are must be known as long as they are there.
        if removed == len(left):
            file.truncate(0)
            file.write(platform.node() + (SUBMITS if submits else "") + "\n")
            file.flush()
    except OSError as error:
        log.warning("the lock of a run that is gone could not be taken over: %s", error)
    if removed:
        log.warning("the run before this one was killed; its lock is removed")
    return removed
