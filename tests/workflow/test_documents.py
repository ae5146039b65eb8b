"""What describes all results is made on request, and again after a result changed."""

import hashlib
import json
import os
import socket
import subprocess

import pytest

from .project import TINY, Project

DOCUMENTS = "results/provenance.json"
AREAS, MODELS = "results/metadata/hcp.csv", "results/metadata/models-info.csv"
NAMES = ("provenance.json", "methods.md", "ro-crate-metadata.json", "manifest.sha256")


@pytest.fixture
def described(tmp_path) -> Project:
    """A project without recordings, with one table and its description."""
    project = Project.create(tmp_path / "project", TINY)
    project.snakemake("--quiet", "all", "--", AREAS)
    project.snakemake("--quiet", "all", "--", DOCUMENTS)
    return project


def check_sums(project: Project) -> int:
    return subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "manifest.sha256"],
        cwd=project.root / "results",
        check=False,
    ).returncode


def test_results_are_described_as_they_are(described):
    results = described.root / "results"
    texts = {name: (results / name).read_text() for name in NAMES}
    assert set(json.loads(texts["provenance.json"])["results"]) == {"metadata/hcp.csv"}
    assert "build_hcp_table" in texts["methods.md"]
    files = {e["@id"]: e for e in json.loads(texts["ro-crate-metadata.json"])["@graph"]}
    digest = hashlib.sha256((results / "metadata/hcp.csv").read_bytes()).hexdigest()
    assert files["metadata/hcp.csv"]["sha256"] == digest
    assert check_sums(described) == 0
    everything = "".join(texts.values())
    for word in (str(described.root.parent), socket.gethostname(), f"/{os.environ.get('USER')}/"):
        assert word not in everything

    assert described.pending(DOCUMENTS) == {}, "nothing to do the second time"
    # A result more, and a result with other bytes.
    described.snakemake("--quiet", "all", "--", MODELS)
    assert described.pending(DOCUMENTS) == {"document_results": 1}
    described.snakemake("--quiet", "all", "--", DOCUMENTS)
    assert "metadata/models-info.csv" in (results / "manifest.sha256").read_text()
    assert described.pending(DOCUMENTS) == {}
    with (results / "metadata/hcp.csv").open("a") as file:
        file.write("\n")
    assert check_sums(described) == 1
    assert described.pending(DOCUMENTS) == {"document_results": 1}, "and no result is made again"


def test_without_results_there_is_nothing_to_describe(tmp_path):
    project = Project.create(tmp_path / "project", TINY)
    done = project.snakemake("--", DOCUMENTS, check=False)
    assert done.returncode == 1
    assert "no results" in done.stdout + done.stderr
    assert not (project.root / DOCUMENTS).exists()
