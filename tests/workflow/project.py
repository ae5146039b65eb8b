"""A project folder of a test: a copy of the sources, tiny settings, and what to ask of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SOURCE = Path(__file__).parents[2]
PENDING = Path(__file__).with_name("pending.py")

SHIFT_1 = "results/nsd/rsa_subject_subject_alignment_shift_1_joined.parquet"
EIGHT = [
    f"results/nsd/rsa_subject_subject_alignment_{name}.parquet"
    for name in (
        "shift_1_joined",
        "shift_1_separated",
        "joined_0",
        "separated_0",
        "joined_1_spearman",
        "separated_1_spearman",
        "shift_2_joined",
        "separated_2",
    )
]

MODELS = {
    "sim-llm-small_pool-avg_prompt-coco": 5,
    "sim-vit-base_pool-cls": 5,
    "sim-vit-small_pool-cls": 4,
}
"""Models of `finished_all` in the order of the tables, with their layers."""

CONTROLS = ["biology", "biology_binary", "scene"]

PARTITIONS = "results/nsd/rsa_subject_subject_alignment_shift_1_joined_partitions.parquet"
PARTIAL_PAIRS = [
    f"results/nsd/rsa_subject_subject_alignment_controled_{hemispheres}_1.parquet"
    for hemispheres in ("joined", "separated")
]
GROUPS = [f"results/nsd/rsa_subject_group_alignment_joined_{shift}.parquet" for shift in (0, 1)]
CKA = "results/nsd/cka_subject_subject_alignment_shift_1_joined.parquet"
MODEL_TABLES = [
    f"results/nsd/rsa_subject_model_alignment_{hemispheres}.parquet"
    for hemispheres in ("joined", "separated")
]
PARTIAL_MODELS = [table.replace("alignment_", "alignment_controled_") for table in MODEL_TABLES]
NULL_SUBJECT = "results/nsd/permutations_subject_subject_rsa_joined_shift_1_agg_10000.npy"
NULL_VISION = "results/nsd/permutations_aggregated_vision_amax.npy"
NULL_LANGUAGE = "results/nsd/permutations_aggregated_language_amax.npy"
PVALUES = "results/nsd/rsa_pvalues_subject_language_vision.parquet"
REST = [
    PARTITIONS,
    *PARTIAL_PAIRS,
    *GROUPS,
    CKA,
    *MODEL_TABLES,
    *PARTIAL_MODELS,
    NULL_SUBJECT,
    NULL_VISION,
    NULL_LANGUAGE,
    PVALUES,
]
"""All that the catalogue has of NSD beside the eight tables and the indexes."""

TINY: dict[str, Any] = {
    "nsd": {"subjects": [1, 2, 3], "regions": ["V1", "V2", "MST", "PHA1", "p24"]},
    "simulate": {
        "nsd": {
            "sessions": [3, 3, 2],
            "n_planned_sessions": 3,
            "n_trials_per_session": 30,
            "n_runs": 2,
            "n_slots": 18,
            "n_shared": 20,
            "image_size": 32,
            "volume_shape": [26, 30, 26],
            "voxels_per_region": [8, 12],
        }
    },
}
"""Three subjects of 3, 3 and 2 sessions, five areas, 20 shared images of 30."""

_AREAS = ["V1", "MST", "p24"]
_FEW = {"regions": _AREAS, "skip_features": ["*-coco.*", "*-large_*", "sim-vit-base_*"]}
_BRAIN = {"image_size": 32, "volume_shape": [26, 30, 26], "voxels_per_region": [8, 12]}
OTHERS: dict[str, Any] = {
    "bold5000": _FEW,
    "things": _FEW,
    "simulate": {
        "bold5000": {**_BRAIN, "sessions": [2, 2, 1], "n_trials_per_run": 18, "n_repeated": 8},
        "things": {
            **_BRAIN, "n_subjects": 2, "n_concepts": 20, "n_test": 8, "n_train_per_session": 16,
        },
    },
}  # fmt: skip
"""BOLD5000 with three subjects of 2, 2 and 1 sessions, THINGS with two of 3; three areas."""

OTHER_MODELS = {"sim-llm-small_pool-avg_prompt-pixtral": 5, "sim-vit-small_pool-cls": 4}
"""Models of `finished_others` in the order of the tables, with their layers."""

BOLD, THINGS = "results/bold5000/rsa_bold5000", "results/things/rsa_things"
SESSION_PAIRS = [
    f"{BOLD}-coco_subject_subject_alignment_joined.parquet",
    f"{THINGS}_subject_subject_alignment_separated.parquet",
]
SESSION_MODELS = [
    f"{BOLD}-scenes_subject_model_alignment_joined.parquet",
    f"{THINGS}_subject_model_alignment_joined.parquet",
]
OTHER_GROUP = f"{BOLD}_subject_group_alignment_joined_0.parquet"
OTHER_PARTIAL = f"{BOLD}_subject_model_alignment_controled_joined.parquet"
OTHER_SHIFT = f"{THINGS}_subject_subject_alignment_shift_1_joined.parquet"
OTHER_CKA = "results/things/cka_things_subject_subject_alignment_shift_1_joined.parquet"
OTHER_PVALUES = f"{THINGS}_pvalues_subject_language_vision.parquet"
UNPUBLISHED = [OTHER_GROUP, OTHER_PARTIAL, OTHER_CKA, OTHER_PVALUES]
"""Files that no publication has: one of each other analysis."""


@dataclass
class Project:
    """A project folder and the commands that a user would type in it."""

    root: Path

    @classmethod
    def create(cls, root: Path, settings: dict[str, Any]) -> Project:
        """Copy the sources into a new folder and give it settings."""
        copy_sources(root)
        project = cls(root)
        project.write_settings(settings)
        return project

    def copy(self, root: Path) -> Project:
        """Copy the whole folder, results and records included, with all file times."""
        shutil.copytree(self.root, root, symlinks=True)
        return Project(root)

    @property
    def settings(self) -> dict[str, Any]:
        """Read the settings."""
        loaded: dict[str, Any] = yaml.safe_load((self.root / "config/config.yaml").read_text())
        return loaded

    def write_settings(self, settings: dict[str, Any]) -> None:
        """Replace the settings file."""
        (self.root / "config/config.yaml").write_text(yaml.safe_dump(settings))

    def set(self, section: str, **values: Any) -> None:
        """Change keys of one section."""
        settings = self.settings
        settings.setdefault(section, {}).update(values)
        self.write_settings(settings)

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace text in a source file, which must have it."""
        file = self.root / path
        text = file.read_text()
        if old not in text:
            raise ValueError(f"{path} has no {old!r}")
        file.write_text(text.replace(old, new, 1))

    def command(
        self, *words: str, check: bool = True, path: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a module of the environment in the project."""
        return self.python("-m", *words, check=check, path=path)

    def python(
        self, *words: str, check: bool = True, path: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run Python in the project, with the project's own library or another path."""
        environment = {
            **os.environ,
            "PYTHONPATH": path or str(self.root / "workflow"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def snakemake(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run Snakemake."""
        return self.command("snakemake", "--cores", "2", *words, check=check)

    def repalign(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run our own command."""
        return self.command("repalign.cli", *words, check=check)

    def pending_jobs(self, *targets: str) -> list[dict[str, str]]:
        """Ask Snakemake's API for the pending jobs."""
        done = subprocess.run(
            [sys.executable, str(PENDING), *targets],
            cwd=self.root,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise AssertionError(done.stdout + done.stderr)
        jobs: list[dict[str, str]] = json.loads(done.stdout)
        return jobs

    def pending(self, *targets: str) -> dict[str, int]:
        """Count the pending jobs by rule."""
        return dict(Counter(job["rule"] for job in self.pending_jobs(*targets)))


def copy_sources(root: Path) -> None:
    """Copy what a clone has: the sources and committed tables, with new file times."""
    root.mkdir(parents=True, exist_ok=True)
    ignore = shutil.ignore_patterns("__pycache__", "*.egg-info", "simulated", "raw")
    for name in ("workflow", "config", "resources", "envs"):
        if (root / name).exists() and name != "resources":
            shutil.rmtree(root / name)
        shutil.copytree(
            SOURCE / name,
            root / name,
            ignore=ignore,
            dirs_exist_ok=True,
            copy_function=shutil.copy,
        )
    shutil.copy(SOURCE / "CITATION.cff", root)
