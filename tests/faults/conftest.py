"""One finished run of the smallest simulated NSD, copied for every fault."""

import pytest

from ..workflow.project import SHIFT_1, Project
from .runs import SEPARATED, SMALL, STIMULI_INDEX


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory) -> Project:
    """Two tables and an index of two subjects, computed once. Do not change it; copy it."""
    project = Project.create(tmp_path_factory.mktemp("faults") / "project", SMALL)
    project.repalign("simulate", "nsd")
    project.snakemake("--quiet", "all", "--", SHIFT_1, SEPARATED, STIMULI_INDEX)
    return project


@pytest.fixture
def project(undisturbed, tmp_path) -> Project:
    """Return a copy of the finished project that a test may change."""
    return undisturbed.copy(tmp_path / "project")
