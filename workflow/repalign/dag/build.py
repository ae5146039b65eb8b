"""From settings to the workflow: which steps there are, and which files are wanted."""

from __future__ import annotations

import re
from pathlib import Path

from repalign.dag.captions import absent_captions, caption_steps
from repalign.dag.catalogue import Derivative, read_catalogue
from repalign.dag.coco import coco_steps
from repalign.dag.extraction import extraction_steps
from repalign.dag.kmcca import kmcca_steps
from repalign.dag.manifest import Manifest
from repalign.dag.metadata import metadata_steps
from repalign.dag.model_model import model_model_steps
from repalign.dag.nsd import nsd_steps
from repalign.dag.nsd_plan import NsdPlan
from repalign.dag.nulls import null_steps
from repalign.dag.published import published_steps
from repalign.dag.rsa import rsa_steps
from repalign.dag.steps import Workflow
from repalign.dag.subject_model import subject_model_steps
from repalign.dag.table_maker import TABLES, TableMaker
from repalign.dag.tokenizers import tokenizer_steps
from repalign.dag.untrained import untrained_steps
from repalign.settings import Settings
from repalign.tables import paths

CATALOGUE = "config/derivatives.tsv"
NEEDS = {
    "rsa_partitions": {"objects"},
    "rsa_subject_subject_partial": {"controls"},
    "rsa_subject_model": {"features"},
    "rsa_subject_model_partial": {"features", "controls"},
    "null_subject_model": {"features"},
    "rsa_pvalues": {"features"},
}
"""What analyses need beside the recordings."""
LIBRARY = Path(__file__).parents[2]


def wildcard_constraints(catalogue: list[Derivative]) -> dict[str, str]:
    """Return the regular expression of every wildcard in the paths of the workflow."""

    def one_of(names: list[str]) -> str:
        return "|".join(re.escape(name) for name in names) or "(?!)"

    def tables(*analyses: str) -> str:
        return one_of([row.name for row in catalogue if row.analysis in analyses])

    regions = [row for row in catalogue if row.analysis == "region_table"]
    return {
        "dataset": "nsd",
        "subject": r"\d{2}",
        "partner": r"\d{2}",
        "subject_i": r"\d{2}",
        "subject_j": r"\d{2}",
        "session": r"\d{2}",
        "role": "x|y",
        "shift": r"\d",
        "hemispheres": "joined|separated",
        "comparison": "pearson|spearman|cka",
        "vectors": "rdms|grams",
        "subset": "all|animate|inanimate|controlled",
        "partition": "animate|inanimate",
        "model": r"[^/]+",
        "weights": r"trained|random-seed-\d+",
        "source": "coco|pixtral",
        "question": "motion|indoor|scene",
        "prompt": "caption|motion|indoor|scene",
        "image_set": "bold5000|things",
        "captioned": "nsd|bold5000|things",
        "control": r"\w[\w-]*",
        "permutations": r"\d+",
        "block": r"\d+",
        "hcp_table": one_of([row.path.removesuffix(".csv") for row in regions]),
        **{f"{name}_table": tables(*analyses) for name, analyses in TABLES.items()},
    }


def build_workflow(settings: Settings, root: Path = Path()) -> tuple[Workflow, NsdPlan]:
    """Build the workflow that some settings describe.

    Parameters
    ----------
    settings : Settings
        Checked settings.
    root : Path
        The project folder, which relative paths start from.

    Returns
    -------
    Workflow, NsdPlan
        The steps, and what the run covers.
    """
    catalogue = read_catalogue(root / CATALOGUE)
    plan = NsdPlan(settings, root)
    manifest = Manifest(root / paths.MANIFEST, settings.identity)
    tables = TableMaker(plan, catalogue)
    steps = [
        *nsd_steps(plan),
        *metadata_steps(plan),
        *coco_steps(plan, tables),
        *caption_steps(plan),
        *extraction_steps(plan),
        *rsa_steps(plan),
        *subject_model_steps(plan),
        *null_steps(plan),
        *published_steps(plan, catalogue),
        *untrained_steps(plan, tables),
        *model_model_steps(plan, tables),
        *tokenizer_steps(plan, tables),
        *kmcca_steps(plan, tables),
    ]
    workflow = Workflow(steps, wildcard_constraints(catalogue), LIBRARY, manifest, root)
    return workflow, plan


def targets(workflow: Workflow, plan: NsdPlan, catalogue: list[Derivative]) -> list[str]:
    """Return the derivatives of the catalogue that the present settings and files can make.

    Files that need model features, control tables or object annotations are wanted only where
    there are some; asked for by name, they say what is missing.
    """
    absent, uncaptioned = plan.absent_sources(), absent_captions(plan)
    return [
        row.target
        for row in catalogue
        if workflow.producer(row.target) is not None
        and not absent & NEEDS.get(row.analysis, set())
        and not (_is_generated(row) and row.dataset in uncaptioned)
    ]


def _is_generated(row: Derivative) -> bool:
    """Say whether a file holds captions that a model, or what stands in for one, wrote."""
    return row.analysis == "captions" and row.parameters["source"] == "pixtral"


def figures(catalogue: list[Derivative]) -> list[str]:
    """Return the figures of all inter-subject RSA tables."""
    return [
        pattern.format(dataset=row.dataset, table=row.name)
        for row in catalogue
        if row.analysis == "rsa_subject_subject"
        for pattern in (paths.HEATMAP, paths.RANKING)
    ]
