"""Hold a job of a run at a chosen moment of its writing, to kill it there.

Python runs a `sitecustomize` module on its path before a script. Ours watches one script through
an audit hook; at the chosen event it says so in a file and waits to be released or killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from ..workflow.project import Project

HOOK = """
import os, sys, time
from pathlib import Path

folder = Path(os.environ.get("STALL_FOLDER", ""))
event_wanted, count = os.environ.get("STALL_EVENT"), int(os.environ.get("STALL_COUNT", "0"))
seen = 0

def hook(event, arguments):
    global seen
    if event != event_wanted or ".writing-" not in str(arguments[0]):
        return
    if event == "open" and "w" not in str(arguments[1] or ""):
        return
    if "provenance.json" in str(arguments[0]):
        return
    seen += 1
    if seen == count:
        (folder / "stalled").write_text(str(os.getpid()))
        while not (folder / "release").exists():
            time.sleep(0.02)

if event_wanted and any(os.environ["STALL_SCRIPT"] + ".py" in word for word in sys.orig_argv[:3]):
    sys.addaudithook(hook)
"""


@dataclass(frozen=True)
class Moment:
    """When a job is held: before the nth time that it opens or renames a temporary file."""

    target: str
    script: str
    event: str
    count: int = 1
    outputs: tuple[str, ...] = ()

    @property
    def made(self) -> tuple[str, ...]:
        """All outputs of the job."""
        return self.outputs or (self.target,)


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Stalled:
    """A run whose job is held."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process = process
        self.folder = folder

    def wait_until_stalled(self, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not (self.folder / "stalled").exists() or not self._pid_text():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"never held:\n{self.process.communicate()[0]}")
            time.sleep(0.02)

    def _pid_text(self) -> str:
        return (self.folder / "stalled").read_text()

    @property
    def job(self) -> psutil.Process:
        """The process of the script."""
        return psutil.Process(int(self._pid_text()))

    def release(self) -> None:
        (self.folder / "release").touch()

    def end(self) -> tuple[int, str]:
        """Wait for the run; return its status and what it printed."""
        text = self.process.communicate(timeout=60)[0]
        return self.process.returncode, text

    def kill_everything(self) -> None:
        """Kill the run and its jobs at once, as a power cut does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate(timeout=60)


@contextmanager
def stalled(project: Project, moment: Moment, folder: Path) -> Iterator[Stalled]:
    """Start a run in a process group of its own, and wait until its job is held."""
    folder.mkdir()
    environment = {
        **os.environ,
        "PYTHONDONTWRITEBYTECODE": "1",
        "STALL_FOLDER": str(folder),
        "STALL_SCRIPT": moment.script,
        "STALL_EVENT": moment.event,
        "STALL_COUNT": str(moment.count),
    }
    # The workflow sets the path of a job to its library alone, so the hook lies there.
    (project.root / "workflow/sitecustomize.py").write_text(HOOK)
    process = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "2", "--", moment.target],
        cwd=project.root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # A suite in the background of a shell ignores SIGINT, and so would all that it starts.
        preexec_fn=_heed_interrupts,
    )
    run = Stalled(process, folder)
    try:
        run.wait_until_stalled()
        yield run
    finally:
        run.release()
        if process.poll() is None:
            run.kill_everything()
        (project.root / "workflow/sitecustomize.py").unlink()
