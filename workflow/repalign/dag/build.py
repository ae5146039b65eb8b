"""From settings to the workflow: which steps there are, and which files are wanted."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from pathlib import Path

from repalign.dag.alignment_figures import (
    alignment_constraints,
    alignment_figure_steps,
    alignment_figures,
)
from repalign.dag.assemblies import assembly_steps
from repalign.dag.assembly_plan import FIGURES, AssemblyPlan, variant_of
from repalign.dag.bold5000 import bold5000_steps
from repalign.dag.brain_figures import brain_figure_constraints, brain_figure_steps
from repalign.dag.captions import absent_captions, can_answer, caption_steps
from repalign.dag.catalogue import DATASETS, INDEXES, SUBSET, Derivative, read_catalogue
from repalign.dag.coco import coco_steps
from repalign.dag.comparison_figures import comparison_figure_steps, comparison_figures
from repalign.dag.control_plan import COMPUTED_FROM
from repalign.dag.curated_3mm import curated_steps
from repalign.dag.documents import document_steps
from repalign.dag.extraction import extraction_steps, model_keys
from repalign.dag.feature_plan import models_installed
from repalign.dag.images import image_steps
from repalign.dag.kmcca import kmcca_steps
from repalign.dag.laion_recordings import laion_recording_steps
from repalign.dag.laion_stimuli import laion_stimuli_steps
from repalign.dag.laion_stimuli_plan import ANALYSES as LAION_STIMULI
from repalign.dag.laion_stimuli_plan import LaionStimuli
from repalign.dag.manifest import Manifest
from repalign.dag.metadata import metadata_steps
from repalign.dag.model_model import model_model_steps
from repalign.dag.mouse import mouse_steps
from repalign.dag.nsd import nsd_steps
from repalign.dag.nsd_plan import NsdPlan
from repalign.dag.nulls import null_steps
from repalign.dag.plans import Plans
from repalign.dag.prepared import prepared_steps
from repalign.dag.published import published_steps
from repalign.dag.rsa import STIMULUS_SETS, rsa_steps
from repalign.dag.steps import Workflow
from repalign.dag.subject_model import subject_model_steps
from repalign.dag.table_maker import TABLES, TableMaker
from repalign.dag.things import things_steps
from repalign.dag.tokenizers import tokenizer_steps
from repalign.dag.untrained import untrained_steps
from repalign.models.registry import Model
from repalign.settings import Settings
from repalign.settings.assemblies import VENTRAL
from repalign.tables import laion_layout, paths
from repalign.tables.laion_sets import IMAGE_SETS, OF_NOUNS, OF_SPLITS
from repalign.tables.token_tables import WORD_TOKENIZERS

CATALOGUE = "config/derivatives.tsv"
NEEDS = {
    "captions source=coco": {"captions"},
    "object_index": {"coco"},
    "person_index": {"persons"},
    "scene_objects": {"objects"},
    "rsa_partitions": {"partitions"},
    "subset=animate": {"coco"},
    "subset=inanimate": {"coco"},
    **{f"subset={name}": {"splits"} for name in OF_SPLITS},
    **{f"subset={name}": {"partitions"} for name in OF_NOUNS},
    "rsa_subject_subject_sessions": {"partners"},
    "rsa_image_pairs": {"partners"},
    "model_sizes": {"packages"},
    "rsa_subject_subject_partial": {"controls"},
    "rsa_subject_model": {"features"},
    "rsa_subject_model_partial": {"features", "controls"},
    "null_subject_model": {"features"},
    "null_subject_model modality=vision": {"vision models"},
    "null_subject_model modality=language": {"language models"},
    "rsa_pvalues": {"features"},
    "cka_untrained_models": {"untrained models"},
    "model_model": {"features", "both modalities"},
    "rsa_tokenizers": {"captions", "tokenizers"},
    "assembly": {"functional"},
    "image_split": {"functional"},
    "benchmark_assembly": {"functional"},
    "stimulus_set": {"functional", "pictures"},
    "assembly_packages": {"functional", "pictures"},
    "subjects=4subj": {"4subj"},
    "curated_labels": {"instances"},
    "curated_3mm": {"instances", "mni"},
    "kmcca_projections": COMPUTED_FROM,
    "kmcca_top_words": COMPUTED_FROM | {"captions", "nltk"},
}
"""What analyses, or files of any analysis with a choice, need beside the recordings."""
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
        "dataset": one_of([name for name in DATASETS if name != "any"]),
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
        "subset": one_of(["all", *SUBSET, "controlled"]),
        "laion_set": one_of(list(IMAGE_SETS)),
        "embedding": one_of(list(laion_layout.WIDTHS)),
        "stimulus_set": one_of(list(STIMULUS_SETS)),
        "partition": one_of(list(NsdPlan.partitions)),
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
        "scan": r"\d+-\d+-\d+",
        "export": r"\w[\w-]*",
        "control": r"\w[\w-]*",
        "label": one_of(list(laion_layout.WIDTHS)),
        "permutations": r"\d+",
        "block": r"\d+",
        "hcp_table": one_of([row.path.removesuffix(".csv") for row in regions]),
        **alignment_constraints(),
        **{f"{name}_table": tables(*analyses) for name, analyses in TABLES.items()},
    }


def build_workflow(settings: Settings, root: Path = Path()) -> tuple[Workflow, Plans]:
    """Build the workflow that some settings describe.

    Parameters
    ----------
    settings : Settings
        Checked settings.
    root : Path
        The project folder, which relative paths start from.

    Returns
    -------
    Workflow, Plans
        The steps, and what the run covers of every dataset.
    """
    catalogue = read_catalogue(root / CATALOGUE)
    plans = Plans.of(settings, root)
    manifest = Manifest(root / paths.MANIFEST, settings.identity)
    tables = TableMaker(plans, catalogue)
    nsd = plans.nsd
    steps = [
        *prepared_steps(list(plans)),
        *nsd_steps(nsd),
        *bold5000_steps(plans.bold5000),
        *things_steps(plans.things),
        *laion_recording_steps(plans.laion),
        *laion_stimuli_steps(LaionStimuli(settings, root)),
        *mouse_steps(plans.mouse, tables),
        *metadata_steps(nsd),
        *coco_steps(nsd, tables),
        *caption_steps(nsd),
        *extraction_steps(plans),
        *rsa_steps(plans),
        *subject_model_steps(plans),
        *image_steps(plans, tables),
        *null_steps(plans),
        *published_steps(plans, catalogue),
        *untrained_steps(plans, tables),
        *model_model_steps(nsd, tables),
        *tokenizer_steps(nsd, tables),
        *kmcca_steps(nsd, tables),
        *assembly_steps(nsd),
        *curated_steps(nsd),
        *document_steps(root),
        *alignment_figure_steps(plans, catalogue),
        *brain_figure_steps(plans, tables),
        *comparison_figure_steps(plans, tables),
    ]
    there = [plan for plan in plans if plan.raw_folder.exists] or [nsd]
    # Simulated and real datasets have registries of their own, unless the settings name one.
    models = dict.fromkeys(model for plan in there for model in plan.feature_plan.registry)
    constraints = AssemblyPlan(nsd).constraints | brain_figure_constraints()
    constraints |= wildcard_constraints(
        catalogue, list(models), nsd_matrices=settings.nsd.layout == "roi_matrices"
    )
    workflow = Workflow(steps, constraints, LIBRARY, manifest, root)
    return workflow, plans


def targets(workflow: Workflow, plans: Plans, catalogue: list[Derivative]) -> list[str]:
    """Return the derivatives of the catalogue that the present settings and files can make.

    Files of a dataset whose raw folder is absent are left out; so are those that need model
    features, control tables or object annotations where there are none. Asked for by name, they
    say what is missing.
    """
    uncaptioned, unindexed = absent_captions(plans.nsd), _absent_indexes(plans)
    absent = {plan.name: absent_sources(plans, plan.name) for plan in plans}
    absent["any"] = set() if models_installed() else {"packages"}
    gone = {plan.name for plan in plans if not plan.raw_folder.exists}
    laion = LaionStimuli(plans.settings, plans.root)

    def can_be_made(row: Derivative) -> bool:
        if row.analysis in LAION_STIMULI:
            return laion.can_make(row.target)
        if row.dataset in gone:
            return False
        if _is_generated(row) and row.dataset in uncaptioned:
            return False
        if row.analysis in DATASET_INDEXES:
            return row.dataset not in unindexed
        return _is_generated(row) or not absent[row.dataset] & needs(row, catalogue)

    return [
        row.target
        for row in catalogue
        if workflow.producer(row.target) is not None and can_be_made(row)
    ]


def absent_sources(plans: Plans, dataset: str = "nsd") -> set[str]:
    """Return which sources of a dataset are not there, those included that depend on others.

    `recordings`: responses of subjects; `answers`: what is said of images; `controls`: a user's,
    or what they are computed from; `features`: those that are extracted from absent captions, too.
    """
    plan = plans[dataset]
    if not plan.raw_folder.exists:
        return {"recordings"}
    absent = plan.absent_sources() | (set() if can_answer(plans.nsd) else {"answers"})
    reads = any(model.modality == "language" for model in plan.feature_plan.extracted.values())
    if plan is not plans.nsd and reads and dataset in absent_captions(plans.nsd):
        absent.add("features")
    if plan is plans.nsd and not AssemblyPlan(plans.nsd).covers("4subj"):
        absent.add("4subj")
    computed = plan.control_plan.is_computed and absent & COMPUTED_FROM
    return absent | ({"controls"} if computed else set())


def _is_generated(row: Derivative) -> bool:
    """Say whether a file holds captions that a model, or what stands in for one, wrote."""
    if row.analysis == "captions":
        return row.parameters["source"] == "pixtral"
    return row.analysis == "caption_index"


def needs(row: Derivative, catalogue: Sequence[Derivative] = ()) -> set[str]:
    """Return what a published file needs; the recordings, if it is no index.

    P-values need what the nulls in the catalogue need that they are taken from.
    """
    choices = [f"{key}={value}" for key, value in row.parameters.items()]
    names = (row.analysis, *choices, *(f"{row.analysis} {choice}" for choice in choices))
    found = {source for name in names for source in NEEDS.get(name, ())}
    if row.analysis == "rsa_pvalues":
        nulls = [other for other in catalogue if other.analysis == "null_subject_model"]
        found.update(*(needs(null) for null in nulls if null.dataset == row.dataset))
    return found | (set() if row.analysis in INDEXES else {"recordings"})


def scan_folders(plans: Plans) -> list[str]:
    """Return what is made of each mouse scan by itself: statistics and assemblies."""
    mouse = plans.mouse
    if not mouse.has_recordings():
        return []
    patterns = (paths.MOUSE_STATISTICS, paths.MOUSE_ASSEMBLIES)
    return [pattern.format(scan=key) for key in mouse.scans for pattern in patterns]


def control_matrices(plans: Plans) -> list[str]:
    """Return the control matrices that the present settings and files can make."""
    can_be_made = not absent_sources(plans) & (COMPUTED_FROM | {"recordings"})
    return list(plans.nsd.control_plan.computed.values()) if can_be_made else []


def _absent_indexes(plans: Plans) -> set[str]:
    """Return the datasets whose index files cannot be made, because their raw data are absent."""
    others = (plans.bold5000, plans.things)
    return {other.name for other in others if not (other.raw_folder.exists and other.can_index())}


def figures(catalogue: Sequence[Derivative], wanted: Container[str] | None = None) -> list[str]:
    """Return the figures of tables, of alignment, of assemblies, and the pages of datasets.

    Parameters
    ----------
    catalogue : sequence of Derivative
        Rows; tables by session have no figures. Assemblies of the same subjects have figures
        together.
    wanted : container of str, optional
        Files that can be made; all of them, if not given.
    """
    shown = [row for row in catalogue if wanted is None or row.target in wanted]
    return [
        *(
            pattern.format(dataset=row.dataset, table=row.name)
            for row in shown
            if row.analysis in TABLES["rsa_figure"]
            for pattern in (paths.HEATMAP, paths.RANKING)
        ),
        *alignment_figures(catalogue, wanted),
        *(
            paths.ASSEMBLY_FIGURE.format(
                dataset=row.dataset, variant=variant_of(row.parameters["subjects"]), figure=name
            )
            for row in shown
            if row.analysis == "assembly" and row.parameters["region"] == VENTRAL
            for name in FIGURES
        ),
        *comparison_figures(catalogue, wanted),
    ]
