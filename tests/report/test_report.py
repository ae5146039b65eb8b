"""The report of a small simulated NSD in a browser without a network.

`make test-report` makes the environment of the browser's driver and names its Python in
BROWSER_PYTHON; without that the tests are skipped, and with it a missing Chromium is a failure.
"""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from repalign.dag.report import SECTIONS

from ..workflow.project import TINY, Project

VISIT = Path(__file__).with_name("visit.py")
FIGURES = [
    "results/nsd/figures/quality.png",
    *(
        f"results/nsd/figures/rsa_subject_subject_alignment_{name}.png"
        for name in ("shift_1_joined_heatmap", "shift_1_joined_partitions_sets")
    ),
]
MARKUP = r"System Message|:header-rows:|\{%|\*\*\w|``"
"""What was not typeset; stars of levels are text."""
pytestmark = pytest.mark.skipif(
    "BROWSER_PYTHON" not in os.environ, reason="BROWSER_PYTHON is not set: use `make test-report`"
)


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    """Three figures of two sections, and their report."""
    project = Project.create(tmp_path_factory.mktemp("report") / "project", TINY)
    project.repalign("simulate", "nsd")
    project.snakemake("--quiet", "all", "--", *FIGURES)
    project.repalign("report")
    return project


@pytest.fixture(scope="module")
def seen(project) -> dict:
    """What the browser saw."""
    python = Path(os.environ["BROWSER_PYTHON"]).absolute()
    words = [str(python), str(VISIT), str(project.root / "report.html")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict = json.loads(done.stdout)
    return found


def test_it_is_complete_without_a_network(seen):
    assert seen["requests"] == []
    assert seen["errors"] == []


def test_the_first_page_says_what_was_run(seen):
    text = " ".join(seen["landing"].split())
    assert re.search(r"NSD simulated 1, 2, 3 3, 3, 2", text)
    assert "BOLD5000 not there" in text
    assert "rsa.clip_quantile" in text
    assert not re.search(MARKUP, text)


def test_every_section_is_there(seen):
    assert set(seen["sections"]) == {SECTIONS["datasets"], SECTIONS["subjects"]}
    assert sorted(figure["path"] for figure in seen["figures"]) == sorted(FIGURES)


def test_every_figure_is_drawn_and_fits_the_window(seen):
    for figure in seen["figures"]:
        assert figure["natural"] > 900, figure["path"]
        assert figure["top"] >= 0, figure["path"]
        assert figure["bottom"] <= figure["height"], figure["path"]
        assert figure["right"] <= figure["width"] + 1, figure["path"]


def test_every_caption_is_text_and_says_how_to_read_it(seen):
    for figure in seen["figures"]:
        assert "How to read it." in figure["caption"]
        assert "The recordings are simulated." in figure["caption"]
        assert not re.search(MARKUP, figure["caption"])
        assert figure["caption"].split()[-1] in figure["visible"]
