"""A full disk, a file-size limit and a folder that cannot be written."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ..workflow.project import SOURCE, Project
from .runs import (
    ATLAS,
    BETAS,
    DESIGN,
    RAW,
    RDMS,
    RESPONSES,
    SESSION,
    TRIALS,
    fails,
    forget,
    left_over,
    nothing_half_made,
    recovers,
    same,
    says,
)

PAGE = 4096
SIZE_MB = 64


def room(folder: Path) -> int:
    """Bytes that are free in a file system."""
    stat = os.statvfs(folder)
    return stat.f_bavail * stat.f_frsize


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A file system of its own, in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if done.returncode:
        pytest.skip(f"cannot mount a file system: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path, leave: int) -> Path:
    """Fill a file system but for some bytes; return the file to delete again."""
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        while (left := room(folder) - leave) > 0:
            file.write(bytes(min(left, 2**20)))
            file.flush()
    return ballast


@pytest.mark.parametrize(
    ("target", "leave"),
    [
        (SESSION.format(1, 1), 16 * PAGE),
        (RESPONSES.format(1), 64 * PAGE),
        (RDMS, 6 * PAGE),
        pytest.param(ATLAS.format(1), PAGE, marks=pytest.mark.long),
        pytest.param(TRIALS, 0, marks=pytest.mark.long),
    ],
    ids=["session", "responses", "RDMs", "atlas", "trials"],
)
def test_full_disk(project, undisturbed, small_disk, target, leave):
    results = project.root / "results"
    shutil.move(results, small_disk / "results")
    results.symlink_to(small_disk / "results")
    forget(project, target)
    # Snakemake's own folders stay on the other disk; what is small enough still fits.
    ballast = fill(small_disk, leave)
    text = fails(project, target)
    says(text, target, "no space left on the disk", "enough free space", "Free some space")
    says(text, "then run the same command again")
    nothing_half_made(project, target)
    ballast.unlink()
    recovers(project, undisturbed, target)


def test_full_disk_with_logs_and_records_on_it(undisturbed, small_disk):
    """Nothing can be written at all, not even the message's log."""
    project = undisturbed.copy(small_disk / "project")
    forget(project, SESSION.format(1, 1))
    ballast = fill(small_disk, 0)
    done = project.snakemake("--", SESSION.format(1, 1), check=False)
    assert done.returncode != 0
    says(done.stdout + done.stderr, "No space left on device")
    nothing_half_made(project, SESSION.format(1, 1))
    ballast.unlink()
    recovers(project, undisturbed, SESSION.format(1, 1))


def limited_run(project: Project, limit: int | None) -> subprocess.CompletedProcess[str]:
    """Run a script by hand, perhaps with a limit on the size of the files that it writes."""

    def set_limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit or 0, limit or 0))

    script = SOURCE / "workflow/scripts/extract_nsd_session.py"
    options = {
        "betas": f"{RAW}/{BETAS.format(1, 1)}",
        "atlas": ATLAS.format(1),
        "design": DESIGN,
        "output": "by_hand/session.npy",
    }
    words = [word for key, value in options.items() for word in (f"--{key}", value)]
    return subprocess.run(
        [sys.executable, str(script), *words],
        cwd=project.root,
        env={**os.environ, "PYTHONPATH": str(SOURCE / "workflow")},
        preexec_fn=None if limit is None else set_limit,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_script_by_hand_at_the_file_size_limit(project, undisturbed):
    done = limited_run(project, 2**16)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    says(done.stderr, "by_hand/session.npy", "file-size limit is reached", "ulimit -f")
    assert not (project.root / "by_hand/session.npy").exists()
    assert list((project.root / "by_hand").glob(".writing-*")) == []
    assert limited_run(project, None).returncode == 0
    assert same(project.root / "by_hand/session.npy", undisturbed.root / SESSION.format(1, 1))


@pytest.fixture(scope="module")
def unprivileged() -> list[str]:
    """Words before a command that make permissions count, as they do for everybody but root."""
    if os.geteuid() != 0:
        return []
    capabilities = "-dac_override,-dac_read_search"
    words = ["setpriv", f"--bounding-set={capabilities}", f"--inh-caps={capabilities}"]
    if shutil.which("setpriv") is None:
        pytest.skip("run by root, and setpriv is not there")
    done = subprocess.run([*words, "test", "-w", "/proc/sys/kernel/version"], check=False)
    if done.returncode == 0:
        pytest.skip("run by root, whose privilege to write everything cannot be dropped")
    return words


FOLDERS: dict[str, Callable[[str], list[str]]] = {
    "the folder of the output": lambda target: [str(Path(target).parent)],
    "all folders of results": lambda target: [str(p) for p in list(Path(target).parents)[:-1]],
}


@pytest.mark.parametrize("folders", FOLDERS.values(), ids=FOLDERS)
def test_a_folder_that_cannot_be_written(project, undisturbed, unprivileged, folders):
    target = SESSION.format(1, 1)
    forget(project, target)
    closed = [project.root / folder for folder in folders(target)]
    for folder in closed:
        folder.chmod(0o555)
    done = subprocess.run(
        [*unprivileged, sys.executable, "-m", "snakemake", "--cores", "2", "--", target],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
    )
    for folder in closed:
        folder.chmod(0o755)
    text = done.stdout + done.stderr
    assert done.returncode != 0
    says(text, "ses-01.npy", "Permission denied", "expected:", "Change its permissions")
    assert "Traceback (most recent call last)" not in text
    nothing_half_made(project, target)
    recovers(project, undisturbed, target)


def test_results_that_cannot_be_made(project, undisturbed, unprivileged):
    """The very first run, in a folder that is not ours."""
    target = SESSION.format(1, 1)
    shutil.rmtree(project.root / "results")
    (project.root / "results").mkdir(mode=0o555)
    done = subprocess.run(
        [*unprivileged, sys.executable, "-m", "snakemake", "--cores", "2", "--", target],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    says(done.stdout + done.stderr, "Permission denied", "results/nsd")
    assert left_over(project) == []
    (project.root / "results").chmod(0o755)
    recovers(project, undisturbed, target)
