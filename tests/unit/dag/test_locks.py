"""One run at a time; the lock of a dead run goes, that of another machine stays."""

import errno
import os
import platform
import subprocess
import sys

import pytest

from repalign.dag import locks
from repalign.errors import RepalignError

HOLD = """
import sys, time
from pathlib import Path
from repalign.dag.locks import take_over
print(take_over(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Snakemake's folder with the locks of a run."""
    monkeypatch.setattr(locks, "_held", [])
    lock(tmp_path)
    return tmp_path


def lock(folder) -> None:
    """Lock the folder as Snakemake does, which is after the run took over."""
    (folder / "locks").mkdir(exist_ok=True)
    for name in ("0.input.lock", "0.output.lock"):
        (folder / "locks" / name).write_text("results/a\n")


def unlock(folder) -> None:
    for left in (folder / "locks").iterdir():
        left.unlink()


def end_of_process() -> None:
    """What is held ends with the process that holds it."""
    for file in locks._held:
        file.close()
    locks._held.clear()


def left(folder) -> int:
    return len(list((folder / "locks").iterdir()))


def other_run(folder) -> subprocess.Popen[str]:
    unlock(folder)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    lock(folder)
    return process


def test_locks_of_a_killed_run_are_removed(folder):
    other = other_run(folder)
    assert left(folder) == 2
    other.kill()
    other.communicate()
    assert locks.take_over(folder) == 2
    assert left(folder) == 0


def test_beside_a_living_run_another_is_refused_and_nothing_removed(folder):
    other = other_run(folder)
    with pytest.raises(RepalignError, match="another run is alive in this folder") as caught:
        locks.take_over(folder)
    assert f"process {other.pid} on {platform.node()}" in str(caught.value)
    assert str(folder.parent) in caught.value.where
    assert left(folder) == 2
    other.communicate("")
    assert locks.take_over(folder) == 2


def test_a_run_is_refused_whatever_became_of_the_locks_of_the_other(folder):
    """Snakemake removes those of all runs as soon as one of them ends."""
    other = other_run(folder)
    unlock(folder)
    (folder / "locks").rmdir()
    with pytest.raises(RepalignError, match="another run is alive"):
        locks.take_over(folder)
    other.communicate("")


def test_a_living_run_that_wrote_nothing_down_counts_as_well(folder):
    other = other_run(folder)
    (folder / locks.HOLDER).write_text("")
    with pytest.raises(RepalignError, match="another run is alive in this folder\n"):
        locks.take_over(folder)
    other.communicate("")


def test_a_file_system_without_such_locks_is_left_to_snakemake(folder, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(locks.fcntl, "flock", refuse)
    assert locks.take_over(folder) == 0
    assert left(folder) == 2


@pytest.mark.parametrize("holder", ["", "another-machine\n"])
def test_locks_of_unknown_runs_and_other_machines_stay(folder, holder):
    (folder / locks.HOLDER).write_text(holder)
    assert locks.take_over(folder) == 0
    assert left(folder) == 2
    first = (folder / locks.HOLDER).read_text().splitlines()[0]
    assert first == holder.strip(), "whose they are is not forgotten"


def test_locks_stay_while_jobs_of_a_dead_run_may_go_on(folder):
    unlock(folder)
    locks.take_over(folder, submits=True)
    lock(folder)
    for _ in range(2):
        end_of_process()
        assert locks.take_over(folder) == 0
        assert left(folder) == 2
    end_of_process()
    unlock(folder)
    locks.take_over(folder)
    assert (folder / locks.HOLDER).read_text().splitlines()[0] == platform.node()


def test_a_folder_that_cannot_be_written_is_left_to_snakemake(folder):
    (folder / locks.HOLDER).mkdir()
    assert locks.take_over(folder) == 0
    assert left(folder) == 2
