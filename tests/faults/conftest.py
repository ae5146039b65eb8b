"""One finished run of the smallest simulated NSD, copied for every fault."""

from pathlib import Path

import pytest

from ..workflow.project import SHIFT_1, Project
from ..workflow.shared import shared_project
from .runs import SEPARATED, SMALL, STIMULI_INDEX


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory) -> Project:
    """Two tables and an index of two subjects, computed once. Do not change it; copy it."""

    def make(root: Path) -> Project:
        project = Project.create(root, SMALL)
        project.repalign("simulate", "nsd")
        project.snakemake("--quiet", "all", "--", SHIFT_1, SEPARATED, STIMULI_INDEX)
        return project

    return shared_project(tmp_path_factory, "faults", make)


@pytest.fixture
def project(undisturbed, tmp_path) -> Project:
    """Return a copy of the finished project that a test may change."""
    return undisturbed.copy(tmp_path / "project")
