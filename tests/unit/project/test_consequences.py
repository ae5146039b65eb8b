"""What the settings are said to change, and the jobs: they agree.

The jobs are those of an NSD of full extent, two sessions a subject, whose raw files are stand-ins:
nothing is computed.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from repalign.dag import feature_plan, tokenizer_plan
from repalign.dag.brain_figures import brain_figures
from repalign.dag.build import CATALOGUE, build_workflow, control_matrices, figures, targets
from repalign.dag.catalogue import read_catalogue
from repalign.dag.steps import Workflow, as_list
from repalign.documentation.consequences import steps_of
from repalign.settings import Settings

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
BESIDE = (
    "freesurfer/fsaverage/label/{side}.HCP_MMP1.mgz",
    "own/{side}.mgz",
    "control_matrices/control_scene.parquet",
)
"""Raw files of users, which are not among those of NSD."""

ALTERNATIVES: dict[str, Any] = {
    "nsd.source": "other",
    "nsd.regions": ["V1", "V2"],
    "nsd.controls": "control_matrices",
    "nsd.subjects": [1, 2, 3, 5],
    "nsd.sessions": {1: 1, **dict.fromkeys(range(2, 9), 2)},
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
    "figures.bootstrap": 500,
    "figures.seed": 3,
    "figures.hemisphere_marks": "none",
    "figures.attenuation_starts": 50,
    "figures.partition_test": "welch",
    "figures.token_distance": "correlation",
    "maps.parcellation": "own/{hemisphere}.mgz",
    "maps.level": 0.01,
    "resources.device": "cuda",
    "resources.memory_mb": 2048,
    "resources.threads": 2,
    "storage.keep_rdms": False,
}
"""Another value of settings, each with its jobs in the stand-in."""

Jobs = dict[tuple[str, str], str]
Found = tuple[Jobs, dict[str, set[str]]]


def own_specs(workflow: Workflow, wanted: list[str]) -> Found:
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
def stand_in(tmp_path_factory) -> Iterator[Path]:
    """A project with a line where each raw file would be; the tests run in it."""
    root, before = tmp_path_factory.mktemp("consequences") / "project", Path.cwd()
    sys.path.insert(0, str(BENCHMARKS))
    try:
        importlib.import_module("dry_run").make_project(root, [2] * 8)
    finally:
        sys.path.remove(str(BENCHMARKS))
    for pattern, side in product(BESIDE, ("lh", "rh")):
        place = root / "raw/nsd" / pattern.format(side=side)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    os.chdir(root)
    with pytest.MonkeyPatch.context() as patch:
        # What models would be computed is the question, whether or not they could be here.
        for module in (feature_plan, tokenizer_plan):
            patch.setattr(module, "find_spec", lambda _: "there")
        yield root
    os.chdir(before)


@pytest.fixture(scope="module")
def specs_at(stand_in) -> Callable[..., Found]:
    """Return what gives the jobs of the stand-in at the value of a setting."""
    catalogue = read_catalogue(stand_in / CATALOGUE)
    settings = yaml.safe_load((stand_in / "config/config.yaml").read_text())

    @cache
    def at(key: str = "") -> Found:
        values = deepcopy(settings)
        if key:
            *sections, name = key.split(".")
            section = values
            for part in sections:
                section = section.setdefault(part, {})
            section[name] = ALTERNATIVES[key]
        workflow, plans = build_workflow(Settings.model_validate(values))
        tables = targets(workflow, plans, catalogue)
        shown = [*figures(catalogue, set(tables)), *brain_figures(plans, catalogue, set(tables))]
        return own_specs(workflow, [*tables, *shown, *control_matrices(plans)])

    return at


@pytest.mark.parametrize("key", ALTERNATIVES)
def test_the_steps_that_run_again_are_those_that_are_named(specs_at, key):
    was, before = specs_at()
    now, _ = specs_at(key)
    changed = {
        step for step, path in was if was[step, path] != now.get((step, path), was[step, path])
    }
    named = set(steps_of(key)) & before.keys()
    assert bool(named) == bool(steps_of(key)), "named, but the stand-in has none of them"
    assert named <= changed, "named, but nothing of it changes"
    follows = set(named)
    while more := {step for step, makers in before.items() if makers & follows} - follows:
        follows |= more
    assert changed <= follows, "changes, and is neither named nor made from what is"
