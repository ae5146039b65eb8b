"""The lock of a dead run goes; that of a living one, or of another machine, stays."""

import platform
import subprocess
import sys

import pytest

from repalign.dag import locks

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


def test_locks_of_a_living_run_stay(folder):
    other = other_run(folder)
    assert locks.take_over(folder) == 0
    assert left(folder) == 2
    other.communicate("")


@pytest.mark.parametrize("holder", ["", "another-machine\n"])
def test_locks_of_unknown_runs_and_other_machines_stay(folder, holder):
    (folder / locks.HOLDER).write_text(holder)
    assert locks.take_over(folder) == 0
    assert left(folder) == 2
    assert (folder / locks.HOLDER).read_text() == holder, "whose they are is not forgotten"


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
    assert (folder / locks.HOLDER).read_text().strip() == platform.node()


def test_a_folder_that_cannot_be_written_is_left_to_snakemake(folder):
    (folder / locks.HOLDER).mkdir()
    assert locks.take_over(folder) == 0
    assert left(folder) == 2
