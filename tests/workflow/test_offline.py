"""With the network off, a finished installation computes, reports and verifies as ever."""

import os
import shutil
import subprocess
import sys

import pytest

from .project import SHIFT_1, Project

HEATMAP = "results/nsd/figures/rsa_subject_subject_alignment_shift_1_joined_heatmap.png"
NAMESPACES = (["unshare", "--user", "--map-root-user", "--net"], ["unshare", "--net"])
LOOKUP = "import socket; socket.create_connection(('127.0.0.1', 9), timeout=1)"
TINIEST = {
    "nsd": {"subjects": [1, 2], "regions": ["V1", "MST"]},
    "simulate": {
        "nsd": {
            "sessions": [1, 1],
            "n_planned_sessions": 1,
            "n_trials_per_session": 36,
            "n_runs": 2,
            "n_slots": 18,
            "n_shared": 12,
            "image_size": 32,
            "volume_shape": [26, 30, 26],
            "voxels_per_region": [8, 12],
        }
    },
}


def without_network() -> list[str]:
    """What runs a command in a namespace that has no network, not even a loopback that is up."""
    for prefix in NAMESPACES:
        if shutil.which(prefix[0]):
            done = subprocess.run([*prefix, "true"], capture_output=True, check=False)
            if done.returncode == 0:
                return prefix
    return []


@pytest.fixture(scope="module")
def offline():
    prefix = without_network()
    if not prefix:
        pytest.skip("this machine permits no network namespaces (unshare --net)")
    return prefix


def run(project: Project, prefix: list[str], *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(project.root / "workflow")}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [*prefix, sys.executable, *words],
        cwd=project.root, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_network_is_really_off(offline, tmp_path):
    done = subprocess.run(
        [*offline, sys.executable, "-c", LOOKUP], capture_output=True, text=True, check=False
    )
    assert "Network is unreachable" in done.stderr


def test_from_simulation_to_report_without_a_network(offline, tmp_path):
    project = Project.create(tmp_path / "project", TINIEST)
    for words in (
        ("-m", "repalign.cli", "simulate", "nsd"),
        ("-m", "snakemake", "--cores", "2", "--quiet", "all", "--", HEATMAP),
        ("-m", "snakemake", "--report", "report.html", "--", HEATMAP),
        ("-m", "repalign.cli", "why", SHIFT_1),
    ):
        done = run(project, offline, *words)
        assert done.returncode == 0, done.stdout + done.stderr
    report = (project.root / "report.html").read_text(encoding="utf-8")
    # A report opens offline, too: scripts and figures are in it.
    assert "<script src=" not in report
    assert "data:image/png;base64," in report or "data:image/png" in report


def test_retrieval_says_that_there_is_no_network(offline, tmp_path):
    project = Project.create(tmp_path / "project", {
        "nsd": {"raw": "data/nsd"},
        "retrieval": {"items": ["coco_annotations"], "attempts": 2, "wait": 0},
    })  # fmt: skip
    done = run(project, offline, "-m", "snakemake", "--cores", "1", "retrieve_nsd")
    assert done.returncode == 1
    log = (project.root / "logs/retrieve_nsd.log").read_text()
    assert "no connection to images.cocodataset.org" in log
    assert "HTTPS_PROXY" in log
    assert "Traceback" not in log
