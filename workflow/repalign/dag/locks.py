"""One run at a time in a folder; the lock that a killed run left is removed, a living one's never.

Snakemake locks a folder with files. They stay when the process is killed, by a power cut or a
dropped connection; the next run then asks for `--unlock`. They let a second run begin if it makes
other files; and whichever run ends first removes those of all. Here a run also holds a lock of the
operating system, which ends with its process whatever happens. While one holds it, another is
refused. Who gets it knows that no other run of this machine is alive, so files left by this
machine are of the dead. A run on another machine is left to Snakemake where the file system does
not share such locks; and so is one that submitted jobs to a cluster, because these go on when it
dies.
"""

from __future__ import annotations

import fcntl
import logging
import os
import platform
from pathlib import Path
from typing import TextIO

from repalign.errors import RepalignError

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

    Raises
    ------
    RepalignError
        If another run is alive in the folder.
    """
    if _held:
        return 0
    file = _hold(folder)
    if file is None:
        return 0
    _held.append(file)
    file.seek(0)
    before = (file.read().splitlines() or [""])[0].strip()
    left = list((folder / "locks").glob("*.lock"))
    removed = 0
    try:
        if before == platform.node():
            for lock in left:
                lock.unlink()
                removed += 1
        # Whose the locks are must be known as long as they are there.
        if removed == len(left):
            before = platform.node() + (SUBMITS if submits else "")
        file.truncate(0)
        file.write(f"{before}\n{_ourselves()}\n")
        file.flush()
    except OSError as error:
        log.warning("the lock of a run that is gone could not be taken over: %s", error)
    if removed:
        log.warning("the run before this one was killed; its lock is removed")
    return removed


def _hold(folder: Path) -> TextIO | None:
    """Lock the record of who holds the folder; None where that cannot be done."""
    holder = folder / HOLDER
    file = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = holder.open("a+", encoding="utf-8")
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if file is not None:
            file.close()
        if isinstance(error, BlockingIOError):
            raise _refusal(folder) from None
        # The folder or its file system will not have it: Snakemake's own lock decides.
        return None
    return file


def _ourselves() -> str:
    return f"process {os.getpid()} on {platform.node()}"


def _refusal(folder: Path) -> RepalignError:
    """Say that another run is alive, and which, if it wrote that down."""
    lines = (folder / HOLDER).read_text(encoding="utf-8", errors="replace").splitlines()
    which = f" ({lines[1]})" if len(lines) > 1 else ""
    return RepalignError(
        f"another run is alive in this folder{which}",
        where=folder.absolute().parent,
        expected="one run at a time",
        remedy="Wait until it has ended, or stop it and ask for all targets in one command; for "
        "two runs at once, use a second project folder. Dry runs and `retrieve_…` are possible.",
    )
