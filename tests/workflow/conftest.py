"""One finished run of a tiny simulated NSD, copied for every test that changes something."""

from collections.abc import Callable
from pathlib import Path

import pytest

from .project import (
    EIGHT,
    OTHERS,
    REST,
    SESSION_MODELS,
    SESSION_PAIRS,
    TINY,
    UNPUBLISHED,
    Project,
)
from .shared import shared_project


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Project:
    """All eight tables of the tiny dataset, computed once. Do not change it; copy it."""

    def make(root: Path) -> Project:
        project = Project.create(root, TINY)
        project.repalign("simulate", "nsd")
        project.snakemake("--quiet", "all", "--", *EIGHT)
        return project

    return shared_project(tmp_path_factory, "workflow", make)


@pytest.fixture(scope="session")
def finished_all(finished, tmp_path_factory) -> Project:
    """All other files, with three of the simulated models. Do not change it; copy it."""

    def make(root: Path) -> Project:
        project = finished.copy(root)
        project.set("nsd", skip_features=["*-large_*"])
        project.snakemake("--quiet", "all", "--", *REST)
        return project

    return shared_project(tmp_path_factory, "all", make)


@pytest.fixture(scope="session")
def finished_others(tmp_path_factory) -> Project:
    """Tables of a tiny BOLD5000 and THINGS, where there is no NSD. Do not change it; copy it."""

    def make(root: Path) -> Project:
        project = Project.create(root, OTHERS)
        for dataset in ("bold5000", "things"):
            project.repalign("simulate", dataset)
        project.snakemake("--quiet", "all", "--", *SESSION_PAIRS, *SESSION_MODELS, *UNPUBLISHED)
        return project

    return shared_project(tmp_path_factory, "others", make)


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """Return a copy of the finished project that a test may change."""
    return finished.copy(tmp_path / "project")


@pytest.fixture
def fresh(finished, tmp_path) -> Callable[..., Project]:
    """Return a maker of projects with the simulated raw data and no results."""

    def make(settings: dict | None = None) -> Project:
        project = Project.create(tmp_path / "fresh", settings or TINY)
        raw = Path("resources/simulated")
        finished_raw = finished.root / raw
        import shutil

        shutil.copytree(finished_raw, project.root / raw, dirs_exist_ok=True)
        return project

    return make
