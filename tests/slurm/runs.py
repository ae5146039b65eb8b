"""Runs on the cluster, and jobs in them that misbehave once."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..pages import ROOT, blocks
from ..workflow.project import Project
from .cluster import run

QUICK = {
    "slurm": ("--cores", "2", "--slurm-init-seconds-before-status-checks", "2"),
    "cluster-generic": ("--cores", "2", "--seconds-between-status-checks", "2"),
}
"""What differs from the shipped profile: a small machine, and tests that do not want to wait."""

HOOK = """
import os, sys, time
from pathlib import Path

script = next((Path(word).stem for word in sys.orig_argv[:3] if word.endswith(".py")), "")
order = Path("faults") / script
if script and order.exists():
    what, size = order.read_text().split()
    if what == "hold":
        order.unlink()
        held = Path("faults/held")
        held.with_suffix(".new").write_text(str(os.getpid()))
        held.with_suffix(".new").rename(held)
        while not Path("faults/release").exists():
            time.sleep(0.05)
    else:
        with Path("faults/attempts").open("a") as attempts:
            print("begun", file=attempts, flush=True)
            taken = b"x" * (int(size) * 2**20)
            time.sleep(6)
            del taken
            print("survived", file=attempts)
"""
"""Python runs it before a script: a job is held once, or takes memory in every attempt."""


@dataclass(frozen=True)
class SlurmJob:
    """A job as Slurm tells it."""

    number: int
    state: str
    comment: str
    minutes: int
    memory_mb: int
    cpus: int


class Run:
    """A controller in the background, in a process group of its own."""

    def __init__(self, project: Project, target: str, *words: str, profile: str = "slurm") -> None:
        self.project = project
        self.target = target
        self.log = project.root / f"run-{profile}.log"
        options = QUICK[profile]
        command = [sys.executable, "-m", "snakemake"]
        command += ["--workflow-profile", f"workflow/profiles/{profile}"]
        command += [*options, *words, "--", target]
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command,
                cwd=project.root,
                env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def text(self) -> str:
        """What the controller has printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def jobs(self) -> list[SlurmJob]:
        """All jobs of the run."""
        return jobs_of(self.text)

    def when_held(self, act: Callable[[Run, int], None]) -> Run:
        """Do something as soon as a job is held, for the executor looks less and less often."""

        def wait() -> None:
            with contextlib.suppress(AssertionError):
                act(self, self.wait_until_held())

        threading.Thread(target=wait, daemon=True).start()
        return self

    def wait_until_held(self, seconds: float = 600) -> int:
        """Wait until the job that was told so is held; return the number of its process."""
        held = self.project.root / "faults/held"
        end = time.monotonic() + seconds
        while not held.exists():
            assert self.process.poll() is None, self.text
            assert time.monotonic() < end, f"never held:\n{self.text}"
            time.sleep(0.1)
        return int(held.read_text())

    def release(self) -> None:
        """Let a held job go on."""
        if (self.project.root / "faults").exists():
            (self.project.root / "faults/release").touch()

    def ends_well(self, seconds: float = 600) -> str:
        """Wait for the end of the run, which must be a good one; return what was printed."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"no end after {seconds} s:\n{self.text}") from None
        assert status == 0, self.text
        return self.text

    def kill(self) -> None:
        """Kill the controller and its local jobs without a chance to clean up."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def jobs_of(text: str) -> list[SlurmJob]:
    """All jobs of the run that printed a text, those that ended included, as submitted."""
    found = re.search(r"SLURM run ID: (\S+)", text)
    assert found, text
    columns = "%i|%T|%k|%l|%m|%C"
    words = ("--noheader", "--states=all", "--name", found[1], "--format", columns)
    rows = [line.split("|") for line in run("squeue", *words).splitlines()]
    return sorted(
        (
            SlurmJob(int(i), state, comment, minutes(limit), megabytes(memory), int(cpus))
            for i, state, comment, limit, memory, cpus in rows
        ),
        key=lambda job: job.number,
    )


def recover(root: Path, target: str, **programs: str) -> str:
    """Type what docs/cluster.md says of recovery, in a project folder; return what was printed.

    Parameters
    ----------
    root : Path
        The project folder.
    target : str
        What stands for TARGET.
    **programs : str
        Lines of shell for programs that the page names: `python` is that of `.venv/slurm`, all
        others are found by their name.
    """
    (block,) = [one for one in blocks(ROOT / "docs/cluster.md", "bash") if "run ID" in one.text]
    for name, line in programs.items():
        path = root / ("tools" if name != "python" else ".venv/slurm/bin") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.text.replace("TARGET", target)],
        cwd=root,
        env={**environment, "PATH": f"{root / 'tools'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    text = done.stdout + done.stderr
    assert done.returncode == 0, text
    return text


def order(project: Project, script: str, what: str, size_mb: int = 0) -> None:
    """Tell the next job of a script to be held, or all of its jobs to take memory."""
    (project.root / "workflow/sitecustomize.py").write_text(HOOK)
    (project.root / "faults").mkdir()
    (project.root / "faults" / script).write_text(f"{what} {size_mb}")


def minutes(text: str) -> int:
    """Whole minutes of a time limit as Slurm writes it: days-hours:minutes:seconds."""
    days, _, rest = text.rpartition("-")
    parts = [int(part) for part in rest.split(":")]
    hours, whole, _ = [0, 0, *parts][-3:]
    return int(days or 0) * 1440 + hours * 60 + whole


def megabytes(text: str) -> int:
    """Mebibytes of a memory limit as Slurm writes it."""
    number, unit = re.fullmatch(r"([\d.]+)([MG])", text).groups()  # type: ignore[union-attr]
    return round(float(number) * {"M": 1, "G": 1024}[unit])
