"""What is prepared once a test run, in however many processes the tests run."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from .project import Project


def shared_project(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Project]
) -> Project:
    """Make a project in the first process that wants it; all others wait for it and use it.

    Processes have folders side by side, so the project lies beside them. Where making it fails,
    the next process tries again in a new folder.
    """
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    made = base / f"{name}.made"
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            project = make(factory.mktemp(name) / "project")
            made.write_text(str(project.root), encoding="utf-8")
    return Project(Path(made.read_text(encoding="utf-8")))
