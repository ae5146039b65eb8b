"""Every benchmark runs in its smallest setting and prints its tables; times are not judged."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"


TABLES: dict[str, list[str]] = {
    "kernels": ["clip limits", "RDM vector", "ranks", "all regions x all regions"],
    "extraction": [
        "session extraction",
        "floor: decompression alone",
        "gathering",
        "published way",
    ],
    "pair": [
        "our three scripts",
        "whole-array NumPy",
        "shared trials only",
        "RDMs of subject i",
        "RDMs of subject j",
        "ranks of subject i",
        "comparison, Pearson",
        "comparison, Spearman",
    ],
    "alignment": [
        "Pearson",
        "Spearman",
        "subject-model",
        "independent, one pair",
        "independent, all pairs",
        "cyclic, one pair",
        "cyclic, all pairs",
    ],
    "scale": ["inter-subject null", "model null", "model,", "partial", "group"],
    "models": [
        "compare_models",
        "a pair of layers",
        "the whole loop",
        "times faster",
        "vectors",
        "projected",
    ],
    "assemblies": ["ours: voxels of regions", "published way: all as float32"],
    "mcca": ["ours, from patterns", "ours, kernels not scaled", "ours, 5 folds held out"],
    "dry_run": ["nothing made, first", "nothing made, again", "main table alone", "all made"],
    "curated": ["ours", "usual way"],
    "permutations": [],
    "validity": [],
}
"""Benchmarks, and how rows start that each must print."""
SLOW = {"alignment", "curated", "dry_run", "pair", "scale"}


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        pytest.param(name, rows, id=name, marks=[pytest.mark.long] if name in SLOW else [])
        for name, rows in TABLES.items()
    ],
)
def test_prints_its_tables(name, rows, tmp_path):
    command = [sys.executable, str(BENCHMARKS / f"{name}.py"), "--quick"]
    if name == "kernels":
        command += ["--repeats", "1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    table = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert len(table) > 3
    for row in rows:
        cells = [line.split("|")[2:-1] for line in table if line.startswith(f"| {row}")]
        assert cells, f"{row} is not in\n{done.stdout}"
        for line in cells:
            assert re.fullmatch(r"[\d.,]+", line[0].strip()), line
    assert list(tmp_path.iterdir()) == [], "a benchmark leaves nothing behind"
