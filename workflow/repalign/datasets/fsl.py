"""Run the programs of FSL one by one: each must end well, and says what it did."""

from __future__ import annotations

import logging
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from repalign.errors import RepalignError

logger = logging.getLogger(__name__)

INSTALL = (
    "Install FSL and set FSLDIR to its folder (or run Snakemake with `--sdm conda`), or set "
    "`bold5000.atlas: supplied` and supply the atlases."
)
N_TAIL = 15
"""Lines of a failed program's own messages that are shown."""


@dataclass(frozen=True)
class Fsl:
    """An installation of FSL.

    Attributes
    ----------
    home : Path
        Its folder, `FSLDIR`.
    threads : int
        Threads that a program's linear algebra may use.
    commands : list of list of str
        What was run so far, with file names as they were given.
    """

    home: Path
    threads: int = 1
    commands: list[list[str]] = field(default_factory=list)

    @property
    def standard(self) -> Path:
        """Return the folder of FSL's own templates."""
        return self.home / "data/standard"

    def versions(self) -> dict[str, str]:
        """Return the version of FSL and of those of its parts that conda installed."""
        found = {}
        file = self.home / "etc/fslversion"
        if file.is_file():
            found["fsl"] = file.read_text(encoding="utf-8").strip()
        for record in sorted((self.home / "conda-meta").glob("fsl-*.json")):
            name, version, _ = record.stem.rsplit("-", 2)
            found[name] = version
        if not found:
            logger.warning("%s: neither etc/fslversion nor conda-meta says a version", self.home)
            found["fsl"] = "unknown"
        return found

    def require(self, programs: Sequence[str]) -> None:
        """Refuse an installation that lacks some programs.

        Parameters
        ----------
        programs : sequence of str
            Their names.

        Raises
        ------
        RepalignError
            If any is missing, or is no program.
        """
        missing = [name for name in programs if self._program(name) is None]
        if missing:
            raise RepalignError(
                f"no {', '.join(missing)}",
                where=self.home / "bin",
                expected=f"the programs {', '.join(programs)} of FSL",
                remedy=INSTALL,
            )

    def run(self, *words: str, folder: Path) -> None:
        """Run one program and wait for it.

        Parameters
        ----------
        *words : str
            The program and its arguments; they never pass through a shell.
        folder : Path
            Where it runs, and where relative names start from.

        Raises
        ------
        RepalignError
            If it is missing, cannot be started, or ends with another status than 0. A program
            that ends well may still have written nothing: check what it should have made.
        """
        self.require(words[:1])
        command = shlex.join(words)
        logger.info("running: %s", command)
        self.commands.append(list(words))
        program = str(self._program(words[0]))
        try:
            process = subprocess.Popen(
                [program, *words[1:]],
                cwd=folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                # FSL's scripts start programs of their own: all must end with this job.
                start_new_session=True,
            )
        except OSError as error:
            raise failed(command, f"it cannot be started ({error.strerror})") from error
        try:
            output, messages = process.communicate()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        for line in [*output.splitlines(), *messages.splitlines()]:
            logger.info("  %s", line)
        if process.returncode:
            tail = (messages.strip() or output.strip()).splitlines()[-N_TAIL:]
            said = "\n    ".join(["", *tail]) if tail else " no message"
            raise failed(command, f"exit status {process.returncode}, with{said}")

    def _program(self, name: str) -> str | None:
        """Return the path of a program of this installation, and of no other on the PATH."""
        return shutil.which(name, path=str(self.home / "bin"))

    def _environment(self) -> dict[str, str]:
        """Return the variables that FSL's programs and scripts need."""
        threads = str(self.threads)
        return {
            **os.environ,
            "FSLDIR": str(self.home),
            "FSLOUTPUTTYPE": "NIFTI_GZ",
            "FSLMULTIFILEQUIT": "TRUE",
            "PATH": os.pathsep.join([str(self.home / "bin"), os.environ.get("PATH", "")]),
            "OMP_NUM_THREADS": threads,
            "OPENBLAS_NUM_THREADS": threads,
            # FSL's scripts compute with decimal points, whatever the user's language.
            "LC_ALL": "C",
        }

    def record(self) -> dict[str, Any]:
        """Return versions and commands, for the record of a result."""
        return {"versions": self.versions(), "commands": self.commands}


def find_fsl(environment: Mapping[str, str] = os.environ, threads: int = 1) -> Fsl:
    """Find FSL by `FSLDIR`, or in the active conda environment.

    Parameters
    ----------
    environment : mapping of str to str
        The variables of the process.
    threads : int
        Threads that a program's linear algebra may use.

    Returns
    -------
    Fsl
        The installation; `Fsl.require` checks that it is complete.

    Raises
    ------
    RepalignError
        If there is none.
    """
    place = environment.get("FSLDIR", "")
    conda = environment.get("CONDA_PREFIX", "")
    if not place and conda and (Path(conda) / "bin/flirt").exists():
        place = conda
    if not place:
        raise RepalignError(
            "FSLDIR is not set, and no conda environment with FSL is active",
            where="bold5000.atlas: fsl",
            expected="an installation of FSL",
            remedy=INSTALL,
        )
    if not Path(place).is_dir():
        raise RepalignError(
            "no such folder", where=f"FSLDIR: {place}", expected="that of FSL", remedy=INSTALL
        )
    return Fsl(Path(place).absolute(), threads)


def failed(command: str, found: str) -> RepalignError:
    """Return the error for a program of FSL that did not do its work.

    Parameters
    ----------
    command : str
        The command, as text.
    found : str
        What went wrong.

    Returns
    -------
    RepalignError
        With what can be done.
    """
    return RepalignError(
        found,
        where=f"FSL command: {command}",
        expected="exit status 0 and complete outputs",
        remedy=(
            "Read the job's log, which has all that FSL said, and check the T1, BOLD, atlas and "
            "template images of bold5000.registration; or set `bold5000.atlas: supplied`."
        ),
    )
