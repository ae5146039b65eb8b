"""One cluster and one undisturbed run for all tests of clusters."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..faults.runs import SMALL
from ..workflow.project import SHIFT_1, Project
from .cluster import Cluster, one_node_slurm


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A Slurm of one node, without accounting. That there is none is a failure, not a skip."""
    with one_node_slurm() as made:
        yield made


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory) -> Project:
    """The main table of two subjects, computed on this machine. Do not change it; copy it."""
    project = Project.create(tmp_path_factory.mktemp("local") / "project", SMALL)
    project.repalign("simulate", "nsd")
    project.snakemake("--quiet", "all", "--", SHIFT_1)
    return project


def without_results(undisturbed: Project, root: Path) -> Project:
    """Return a copy that has the raw data alone."""
    project = undisturbed.copy(root)
    for name in ("results", "logs", ".snakemake"):
        shutil.rmtree(project.root / name)
    return project
