"""The data dictionary and the files, the settings' consequences and the jobs: they agree."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from repalign.dag.build import CATALOGUE, build_workflow, targets
from repalign.dag.catalogue import read_catalogue
from repalign.dag.steps import Workflow, as_list
from repalign.documentation.consequences import steps_of
from repalign.documentation.dictionary import layout_of
from repalign.documentation.layouts import NEVER, kind_of
from repalign.documentation.published import LAYOUTS
from repalign.settings import Settings

from ..pages import ROOT
from .project import Project

INDEXES = [
    "results/datasets/nsd/nsd.csv",
    "results/datasets/nsd/nsd_stimuli.csv",
    "results/datasets/nsd/nsd_stim_info_merged.csv",
    "results/datasets/nsd/nsd_masks.csv",
    "results/datasets/nsd/annotations/coco_person_annotations.csv",
    "results/captions/nsd-captions-coco.csv",
    "results/metadata/models-info.csv",
]


def check(project: Project) -> set[str]:
    """Compare all published files that a project has with the dictionary."""
    seen = set()
    for row in read_catalogue(ROOT / CATALOGUE):
        path = project.root / row.target
        if not path.exists():
            continue
        layout = LAYOUTS[layout_of(row)]
        if path.suffix == ".parquet":
            schema = pq.read_schema(path)
            assert schema.names == layout.names, row.target
            kinds = {entry.name: kind_of(entry.type) for entry in schema}
            assert kinds == {column.name: column.kind for column in layout.columns}, row.target
            table = pd.read_parquet(path)
            full = [column.name for column in layout.columns if column.missing == NEVER]
            assert table[full].notna().all(axis=None), row.target
        elif path.suffix == ".npy":
            assert np.load(path).ndim == 2
        elif path.suffix == ".csv":
            told = [name for name in layout.names if "(" not in name and "…" not in name]
            found = list(pd.read_csv(path, nrows=1, keep_default_na=False))
            optional = {c.name for c in layout.columns if c.missing.startswith("column absent")}
            if layout_of(row) == "image_list_bold5000":
                optional.add("bold_position")
            assert [name for name in found if name in told] == [
                name for name in told if name not in optional
            ], row.target
            if told == layout.names:
                unnamed = {name for name in found if name.startswith("Unnamed")}
                assert set(found) - unnamed <= set(told), row.target
        seen.add(layout_of(row))
    return seen


def test_files_of_nsd_are_as_the_dictionary_says(finished_all, tmp_path):
    project = finished_all.copy(tmp_path / "project")
    project.snakemake("--quiet", "all", "--", *INDEXES)
    assert len(check(project)) >= 16


def test_files_of_other_datasets_are_as_the_dictionary_says(finished_others):
    assert {"rsa_subject_model_others", "rsa_subject_subject_sessions"} <= check(finished_others)


# ------------------------------------------------------------------------- consequences

ALTERNATIVES: dict[str, Any] = {
    "nsd.source": "other",
    "nsd.regions": ["V1", "V2"],
    "nsd.controls": "computed",
    "nsd.assume_row_order": True,
    "rsa.clip_quantile": 0.01,
    "rsa.spearman_ties": "ordinal",
    "rsa.min_trials": 4,
    "rsa.max_trials": 5000,
    "rsa.drop_same_image_pairs": True,
    "permutation.seed": 1,
    "permutation.scheme": "independent",
    "permutation.unit": "image",
    "models.batch_size": 8,
    "captions.max_empty_share": 0.5,
    "objects.geometry": "crop",
    "objects.crowds": False,
    "objects.legacy_person_filter": True,
    "objects.raw_area": True,
    "model_model.topk": 5,
    "kmcca.images": "union",
    "kmcca.kernel": "rbf",
    "kmcca.regularisation": 0.5,
    "kmcca.min_images": 4,
    "assemblies.seed": 1,
    "assemblies.it_definition": "glasser9",
    "assemblies.global_zscore": "train_only",
    "curated_3mm.resolution_mm": 4.0,
    "curated_3mm.interpolation": "nearest",
    "curated_3mm.scale": "stored",
    "curated_3mm.max_trials": 50,
    "curated_3mm.label_level": "category",
    "curated_3mm.label_rule": "in_crop",
    "curated_3mm.keep_resampled": False,
    "resources.memory_mb": 2048,
    "resources.threads": 2,
    "storage.keep_rdms": False,
}
"""Another value of settings that change no set of jobs."""

Jobs = dict[tuple[str, str], str]


def own_specs(workflow: Workflow, wanted: list[str]) -> tuple[Jobs, dict[str, set[str]]]:
    """Return what each job takes itself, by step and output, and the steps before each step."""
    found: Jobs = {}
    before: dict[str, set[str]] = {}
    todo = [job for path in wanted if (job := workflow.producer(path))]
    while todo:
        job = todo.pop()
        name = (job.step.name, job.path)
        if name in found:
            continue
        wildcards = dict(job.wildcards)
        inputs = job.step.inputs(wildcards)
        spec = [inputs, job.step.external(wildcards), job.step.params(wildcards)]
        found[name] = json.dumps(spec, sort_keys=True, default=str)
        makers = [workflow.producer(path) for paths in inputs.values() for path in as_list(paths)]
        before.setdefault(job.step.name, set()).update(m.step.name for m in makers if m)
        todo += [maker for maker in makers if maker]
    return found, before


@pytest.fixture(scope="module")
def specs_at(finished_all):
    """Return what gives the jobs of the tiny NSD at the value of a setting."""
    catalogue = read_catalogue(ROOT / CATALOGUE)

    @cache
    def at(key: str = "") -> tuple[Jobs, dict[str, set[str]]]:
        values = json.loads(json.dumps(finished_all.settings))
        if key:
            *sections, name = key.split(".")
            section = values
            for part in sections:
                section = section.setdefault(part, {})
            section[name] = ALTERNATIVES[key]
        workflow, plans = build_workflow(Settings.model_validate(values), finished_all.root)
        return own_specs(workflow, targets(workflow, plans, catalogue))

    return at


@pytest.mark.parametrize("key", ALTERNATIVES)
def test_the_steps_that_run_again_are_those_that_are_named(specs_at, key):
    was, before = specs_at()
    now, _ = specs_at(key)
    changed = {
        step for step, path in was if was[step, path] != now.get((step, path), was[step, path])
    }
    named = set(steps_of(key)) & before.keys()
    assert named <= changed, "named, but nothing of it changes"
    follows = set(named)
    while more := {step for step, makers in before.items() if makers & follows} - follows:
        follows |= more
    assert changed <= follows, "changes, and is neither named nor made from what is"
