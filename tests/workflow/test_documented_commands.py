"""The tutorial as a reader types it: every block of its page, in order, on a small simulation."""

import os
import re
import subprocess
import sys

import pandas as pd
import pytest
import yaml

from repalign.settings import Settings

from ..pages import ROOT, blocks
from .project import TINY, Project

TUTORIAL = ROOT / "docs/tutorial.md"
SMALL = {
    "nsd": {"regions": ["V1", "V2", "MST"], "skip_features": ["*-large_*", "*-base_*"]},
    "simulate": {"nsd": {**TINY["simulate"]["nsd"], "sessions": [1, 1, 1]}},
}
TABLE = "results/nsd/rsa_subject_subject_alignment_shift_1_joined.parquet"


@pytest.fixture
def project(tmp_path) -> Project:
    """A clone with all keys in its settings, as the committed file has, of a small simulation."""
    project = Project.create(tmp_path / "project", {})
    values = Settings.model_validate(SMALL).model_dump(mode="json")
    (project.root / "config/config.yaml").write_text(yaml.safe_dump(values, sort_keys=False))
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, module in (("snakemake", "snakemake"), ("repalign", "repalign.cli")):
        (tools / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n')
        (tools / name).chmod(0o755)
    return project


def test_the_tutorial(project, tmp_path):
    environment = {
        **os.environ,
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(project.root / "workflow"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    said = {}
    for block in blocks(TUTORIAL, "bash", "python"):
        if block.marks:
            continue
        words = {
            "bash": ["bash", "-euo", "pipefail", "-c", block.text],
            "python": [sys.executable, "-c", block.text],
        }[block.language]
        done = subprocess.run(
            words, cwd=project.root, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{block.name}\n{done.stdout}\n{done.stderr}"
        said[block.text] = done.stdout + done.stderr

    def of(words: str) -> str:
        (found,) = [text for block, text in said.items() if words in block]
        return found

    assert (project.root / TABLE).exists()
    assert of("touch").startswith("1 current")
    assert "Nothing to be done" in of("touch")
    assert not pd.read_parquet(project.root / TABLE)["similarity"].isna().any()
    assert "clip_quantile: 0.003 → 0.01" in of("clip_quantile: 0.01/")
    assert "extract_nsd_session" not in of("clip_quantile: 0.01/")
    assert re.search(r"extract_nsd_session +1\n", of("[1, 2, 3]"))
    assert of("clip_quantile: 0.003/").endswith("current\n")
    assert "mine_pool-cls" in of("grep mine_pool-cls")
    assert (project.root / "report.html").stat().st_size > 100_000
