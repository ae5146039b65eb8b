"""A disk that is full, or files that may not grow, at random moments."""

from __future__ import annotations

import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from .lab import TARGETS, Case, Lab

SIZE_MB = 96


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Mount a small file system in memory; say whether that worked."""
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)


def full_disks(lab: Lab, rng: Random, count: int) -> Iterator[list[Case]]:
    """Fill the disk of the results but for a random room, run, free it and run again."""
    results = lab.root / "results"
    aside = lab.root.parent / "disk"
    with small_disk(aside) as mounted:
        if not mounted:
            return
        shutil.move(results, aside / "results")
        results.symlink_to(aside / "results")
        for _ in range(count):
            lab.forget(*TARGETS, *_folders(lab, rng))
            room = rng.choice([0, 4, 16, 64, 256]) * 1024
            ballast = aside / "ballast"
            _fill(ballast, room)
            status, text = lab.run("--keep-going")
            ballast.unlink()
            case = Case("disk", "full", "results/", f"{room // 1024} KiB free")
            yield [_decided(lab, case, status, text, "no space left on the disk")]
        results.unlink()
        shutil.move(aside / "results", results)


def small_files(lab: Lab, rng: Random, count: int) -> Iterator[list[Case]]:
    """Limit the size of files, as quotas and `ulimit -f` do, and lift the limit."""
    for _ in range(count):
        lab.forget(*TARGETS, *_folders(lab, rng))
        limit = rng.choice([32, 48, 64]) * 1024
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
        run = lab.start("--keep-going")
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        status, text = run.end()
        case = Case("disk", "size of files limited", "results/", f"{limit // 1024} KiB")
        yield [_decided(lab, case, status, text, "file-size limit is reached")]


def _folders(lab: Lab, rng: Random) -> list[str]:
    """Draw some large intermediate results."""
    paths = {str(Path(name).parent) for name in lab.truth if "/rdms/" in name}
    folders = sorted(path for path in paths if "_sub-" in path)
    return rng.sample(folders, 3)


def _fill(ballast: Path, room: int) -> None:
    """Write until only the room that is left remains free."""
    with ballast.open("wb") as file:
        while (left := shutil.disk_usage(ballast.parent).free - room) > 0:
            try:
                file.write(bytes(min(left, 2**20)))
                file.flush()
            except OSError:
                return


def _decided(lab: Lab, case: Case, status: int, text: str, words: str) -> Case:
    """Run again with room, and judge: what failed must have been said."""
    said = status == 0 or words in text or "No space left" in text or "File too large" in text
    status, again = lab.run()
    wrong = lab.differences()
    if status:
        case.outcome, case.detail = "lost", again[-600:]
    elif wrong:
        case.outcome, case.detail = "silently wrong", ", ".join(wrong[:3])
    else:
        case.outcome = "recovered" if said else "silently wrong"
    return case
