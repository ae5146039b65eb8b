"""From settings to the workflow: which steps there are, and which files are wanted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from repalign.dag.bold5000 import bold5000_steps
from repalign.dag.captions import absent_captions, can_answer, caption_steps
from repalign.dag.catalogue import Derivative, read_catalogue
from repalign.dag.coco import coco_steps
from repalign.dag.control_plan import COMPUTED_FROM
from repalign.dag.dataset_plan import Bold5000Plan, ThingsPlan
from repalign.dag.extraction import extraction_steps, model_keys
from repalign.dag.kmcca import kmcca_steps
from repalign.dag.manifest import Manifest
from repalign.dag.metadata import metadata_steps
from repalign.dag.model_model import model_model_steps
from repalign.dag.nsd import nsd_steps
from repalign.dag.nsd_plan import NsdPlan
from repalign.dag.nulls import null_steps
from repalign.dag.prepared import prepared_steps
from repalign.dag.published import published_steps
from repalign.dag.rsa import rsa_steps
from repalign.dag.steps import Workflow
from repalign.dag.subject_model import subject_model_steps
from repalign.dag.table_maker import TABLES, TableMaker
from repalign.dag.things import things_steps
from repalign.dag.tokenizers import tokenizer_steps
from repalign.dag.untrained import untrained_steps
from repalign.models.registry import Model
from repalign.settings import Settings
from repalign.tables import paths
from repalign.tables.token_tables import WORD_TOKENIZERS

CATALOGUE = "config/derivatives.tsv"
NEEDS = {
    "captions source=coco": {"captions"},
    "object_index": {"coco"},
    "person_index": {"persons"},
    "scene_objects": {"objects"},
    "rsa_partitions": {"coco"},
    "model_sizes": {"packages"},
    "rsa_subject_subject_partial": {"controls"},
    "rsa_subject_model": {"features"},
    "rsa_subject_model_partial": {"features", "controls"},
    "null_subject_model": {"features"},
    "rsa_pvalues": {"features"},
    "cka_untrained_models": {"untrained models"},
    "model_model": {"features", "both modalities"},
    "rsa_tokenizers": {"captions", "tokenizers"},
    "kmcca_projections": COMPUTED_FROM,
    "kmcca_top_words": COMPUTED_FROM | {"captions", "nltk"},
}
"""What analyses, or some of their files, need beside the recordings."""
DATASET_INDEXES = {"image_list", "trial_index", "category_index", "caption_index"}
"""Analyses that need the raw data of BOLD5000 or THINGS."""
LIBRARY = Path(__file__).parents[2]


def wildcard_constraints(
    catalogue: list[Derivative], registry: Sequence[Model], *, nsd_matrices: bool = False
) -> dict[str, str]:
    """Return the regular expression of every wildcard in the paths of the workflow.

    Parameters
    ----------
    catalogue : list of Derivative
        The rows that name tables.
    registry : sequence of Model
        The models that name features.
    nsd_matrices : bool
        Whether NSD starts at region matrices, so that its sessions are not extracted.

    Returns
    -------
    dict of str to str
        By wildcard.
    """

    def one_of(names: list[str]) -> str:
        return "|".join(re.escape(name) for name in names) or "(?!)"

    def tables(*analyses: str) -> str:
        return one_of([row.name for row in catalogue if row.analysis in analyses])

    regions = [row for row in catalogue if row.analysis == "region_table"]
    return {
        "dataset": "nsd|bold5000|things",
        "scanned": "bold5000" if nsd_matrices else "nsd|bold5000",
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
        "seed": r"\d+",
        "words": one_of(list(WORD_TOKENIZERS)),
        "tokenizer": r"[^/]+",
        "weights": r"trained|random-seed-\d+",
        "vision_model": one_of(model_keys(registry, "vision")),
        "language_model": one_of(model_keys(registry, "language")),
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
    bold5000, things = Bold5000Plan(settings, root), ThingsPlan(settings, root)
    steps = [
        *prepared_steps([plan, bold5000, things]),
        *nsd_steps(plan),
        *bold5000_steps(bold5000),
        *things_steps(things),
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
    constraints = wildcard_constraints(
        catalogue,
        plan.feature_plan.registry,
        nsd_matrices=settings.nsd.layout == "roi_matrices",
    )
    workflow = Workflow(steps, constraints, LIBRARY, manifest, root)
    return workflow, plan


def targets(workflow: Workflow, plan: NsdPlan, catalogue: list[Derivative]) -> list[str]:
    """Return the derivatives of the catalogue that the present settings and files can make.

    Files that need model features, control tables or object annotations are wanted only where
    there are some; asked for by name, they say what is missing.
    """
    absent, uncaptioned = absent_sources(plan), absent_captions(plan)
    unindexed = _absent_indexes(plan)

    def can_be_made(row: Derivative) -> bool:
        if _is_generated(row) and row.dataset in uncaptioned:
            return False
        if row.analysis in DATASET_INDEXES:
            return row.dataset not in unindexed
        return _is_generated(row) or not absent & needs(row)

    return [
        row.target
        for row in catalogue
        if workflow.producer(row.target) is not None and can_be_made(row)
    ]


def absent_sources(plan: NsdPlan) -> set[str]:
    """Return which sources are not there, those included that depend on others.

    `answers`: what is said of images; `controls`: a user's, or what they are computed from.
    """
    absent = plan.absent_sources() | (set() if can_answer(plan) else {"answers"})
    computed = plan.control_plan.is_computed and absent & COMPUTED_FROM
    return absent | ({"controls"} if computed else set())


def _is_generated(row: Derivative) -> bool:
    """Say whether a file holds captions that a model, or what stands in for one, wrote."""
    if row.analysis == "captions":
        return row.parameters["source"] == "pixtral"
    return row.analysis == "caption_index"


def needs(row: Derivative) -> set[str]:
    """Return what a published file needs beside the recordings."""
    choices = [f"{row.analysis} {key}={value}" for key, value in row.parameters.items()]
    return {source for name in (row.analysis, *choices) for source in NEEDS.get(name, ())}


def control_matrices(plan: NsdPlan) -> list[str]:
    """Return the control matrices that the present settings and files can make."""
    can_be_made = not absent_sources(plan) & COMPUTED_FROM
    return list(plan.control_plan.computed.values()) if can_be_made else []


def _absent_indexes(plan: NsdPlan) -> set[str]:
    """Return the datasets whose index files cannot be made, because their raw data are absent."""
    others = (Bold5000Plan(plan.settings, plan.root), ThingsPlan(plan.settings, plan.root))
    return {other.name for other in others if not (other.raw_folder.exists and other.can_index())}


def figures(catalogue: list[Derivative]) -> list[str]:
    """Return the figures of all inter-subject RSA tables."""
    return [
        pattern.format(dataset=row.dataset, table=row.name)
        for row in catalogue
        if row.analysis == "rsa_subject_subject"
        for pattern in (paths.HEATMAP, paths.RANKING)
    ]
