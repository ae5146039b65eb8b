"""A finished project, runs of it in processes of their own, and what differs afterwards."""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

import psutil

from repalign.dag.build import build_workflow
from repalign.dag.fingerprint import CodeFingerprints
from repalign.dag.steps import Workflow
from repalign.settings_file import read_settings
from repalign.tables.checksums import file_checksum
from repalign.tables.provenance import sidecar

from ...workflow.project import MODEL_TABLES, NULL_SUBJECT, SHIFT_1, Project
from ..runs import SMALL, STIMULI_INDEX

HEATMAP = "results/nsd/figures/rsa_subject_subject_alignment_shift_1_joined_heatmap.png"
TARGETS = [SHIFT_1, HEATMAP, MODEL_TABLES[0], NULL_SUBJECT, STIMULI_INDEX]
"""A main table, its figure, models, a null and an index: all that a plain command asks for."""
SETTINGS = {
    **SMALL,
    "nsd": {**SMALL["nsd"], "skip_features": ["*-coco*", "*-large_*", "*-base_*"]},
}
MEMORY = ("results/raw_manifest.tsv", "results/checked_results.tsv")
"""What the workflow remembers; it holds file times."""
LONG = 900.0
Outcome = Literal["recovered", "named", "lost", "silently wrong"]


@dataclass
class Case:
    """One disturbance and what became of it."""

    group: str
    kind: str
    target: str
    moment: str
    outcome: Outcome = "lost"
    detail: str = ""


@dataclass
class Lab:
    """A finished project that is disturbed again and again.

    Attributes
    ----------
    truth : dict of str to str
        Checksum of every file of an undisturbed run by its path.
    """

    project: Project
    truth: dict[str, str] = field(default_factory=dict)
    runs: int = 0

    @property
    def root(self) -> Path:
        return self.project.root

    @property
    def logs(self) -> Path:
        return self.root.parent / "runs"

    @cached_property
    def workflow(self) -> Workflow:
        """Read the steps as a run does; relative paths start from the project."""
        os.chdir(self.root)
        return build_workflow(read_settings(Path("config/config.yaml")))[0]

    def results(self) -> Iterator[str]:
        """Yield the paths of all results, without hidden files and what is remembered."""
        for path in sorted((self.root / "results").rglob("*")):
            name = path.relative_to(self.root).as_posix()
            hidden = any(part.startswith(".") for part in name.split("/"))
            if path.is_file() and not hidden and name not in MEMORY:
                yield name

    def prepare(self) -> None:
        """Finish the undisturbed run, and keep what it gives."""
        self.logs.mkdir(exist_ok=True)
        status, text = self.run()
        if status:
            raise RuntimeError(text)
        self.truth = {name: file_checksum(self.root / name) for name in self.results()}
        shutil.rmtree(self.root.parent / "good", ignore_errors=True)
        shutil.copytree(self.root, self.root.parent / "good")

    def copy(self, folder: Path) -> Lab:
        """Return a copy that may be disturbed, with all file times."""
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("project", "good"):
            shutil.copytree(self.root.parent / name, folder / name)
        (folder / "runs").mkdir()
        return Lab(Project(folder / "project"), self.truth)

    def differences(self) -> list[str]:
        """List targets that are not there, and files that differ from the undisturbed run's.

        An intermediate file that no target needs any more may be missing.
        """
        found = {name: file_checksum(self.root / name) for name in self.results()}
        wrong = [name for name in TARGETS if name not in found]
        return wrong + [name for name, sum_ in self.truth.items() if found.get(name, sum_) != sum_]

    def restore(self, *names: str) -> None:
        """Put files back as they were, with new times, as one who mends them does."""
        for name in names:
            good = self.root.parent / "good" / name
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(good, self.root / name)

    def forget(self, *outputs: str) -> None:
        """Delete outputs with their records."""
        for output in outputs:
            path = self.root / output
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            sidecar(path).unlink(missing_ok=True)

    def start(self, *words: str, targets: Sequence[str] = TARGETS) -> Run:
        """Start the plain command, perhaps with further words."""
        self.runs += 1
        log = self.logs / f"{self.runs:04d}.log"
        return Run(self.root, ["--cores", "2", *words, "--", *targets], log)

    def run(self, *words: str, targets: Sequence[str] = TARGETS) -> tuple[int, str]:
        """Run the plain command to its end; return its status and what it printed."""
        return self.start(*words, targets=targets).end()


class Run:
    """A run of Snakemake in a process group of its own, forked from this process.

    Forking saves the second that imports take; process, jobs and signals are real.
    """

    def __init__(self, root: Path, words: list[str], log: Path) -> None:
        self.log = log
        self.begin = time.monotonic()
        self.status: int | None = None
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            _become_snakemake(root, words, log)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.begin

    def is_over(self) -> bool:
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def jobs(self) -> list[psutil.Process]:
        """Return the processes of scripts that run now."""
        found = []
        try:
            for child in psutil.Process(self.pid).children(recursive=True):
                words = child.cmdline()
                if len(words) > 1 and "/scripts/" in words[1]:
                    found.append(child)
        except psutil.Error:
            pass
        return found

    def send(self, name: str, *, group: bool) -> None:
        """Send a signal to the controller, or to it and its jobs."""
        number = signal.Signals[name]
        hit = os.killpg if group else os.kill
        with suppress(ProcessLookupError):
            hit(self.pid, number)

    def end(self) -> tuple[int, str]:
        """Wait for the end; return the status and what was printed."""
        while not self.is_over():
            if self.seconds > LONG:
                self.send("SIGKILL", group=True)
            time.sleep(0.02)
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return self.status or 0, text


def share_fingerprints() -> None:
    """Parse the sources once for all runs: they do not change while we watch."""
    first = CodeFingerprints(Path(__file__).parents[3] / "workflow")
    own = CodeFingerprints.__init__

    def init(self: CodeFingerprints, library: Path) -> None:
        own(self, library)
        self._digests, self._imports = first._digests, first._imports

    CodeFingerprints.__init__ = init  # type: ignore[method-assign]


def _become_snakemake(root: Path, words: list[str], log: Path) -> None:
    """Be a run, to its end, in a process that was just forked."""
    from snakemake.cli import main

    status = 1
    try:
        os.setsid()
        os.chdir(root)
        gc.freeze()
        atexit._clear()
        file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, 1)
        os.dup2(file, 2)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler if number == 2 else signal.SIG_DFL)
        sys.argv = ["snakemake", *words]
        main(words)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException as error:  # noqa: BLE001
        sys.stderr.write(f"Traceback of a run: {error!r}\n")
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
