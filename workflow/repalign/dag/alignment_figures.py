"""Figures of alignment: which there are, what they are drawn from, and their steps.

A figure is wanted where all tables that it is drawn from are.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from repalign.dag.catalogue import Derivative
from repalign.dag.plans import Plans
from repalign.dag.steps import Step, Wildcards
from repalign.errors import RepalignError
from repalign.models.modality import MODALITIES, modality_of
from repalign.tables import paths

Need = tuple[str, Mapping[str, str]]
"""An analysis and its choices."""

WILDCARDS = {
    "measure": ("intersubject", "vision", "language"),
    "extent": ("top", "all"),
    "halves": ("areas", "hubs", "across"),
}
"""Wildcards of figures of alignment and their values."""

SUBSETS = {"laion": "main"}
"""Images of the figures, where a dataset's own choice is not all of them."""

PAIRS_0, PAIRS_1, PAIRS_2 = (
    ("rsa_subject_subject", {"shift": str(k), "hemispheres": "joined", "comparison": "pearson"})
    for k in (0, 1, 2)
)
PAIRS_1_SEPARATED: Need = (PAIRS_1[0], {**PAIRS_1[1], "hemispheres": "separated"})
PAIRS_1_SPEARMAN: Need = (PAIRS_1[0], {**PAIRS_1[1], "comparison": "spearman"})
CKA: Need = ("cka_subject_subject", {"shift": "1", "hemispheres": "joined"})
MODELS: Need = ("rsa_subject_model", {"hemispheres": "joined"})
MODELS_SEPARATED: Need = ("rsa_subject_model", {"hemispheres": "separated"})
PVALUES: Need = ("rsa_pvalues", {})


@dataclass(frozen=True)
class AlignmentFigure:
    """One kind of figure.

    Attributes
    ----------
    step : str
        Step, rule and script.
    output : str
        Path pattern of the PNG file; the others lie beside it.
    tables : mapping of str to Need
        Tables that it is drawn from, by option.
    datasets : tuple of str
        Datasets whose regions it makes sense for.
    conditions : tuple of Need
        More rows of the catalogue that there must be; `{measure}` in a choice is the wildcard.
    latex : bool
        Whether it comes with a table for LaTeX documents.
    """

    step: str
    output: str
    tables: Mapping[str, Need]
    datasets: tuple[str, ...]
    conditions: tuple[Need, ...] = ()
    latex: bool = False
    settings: tuple[str, ...] = field(default=())
    """Keys of the section `figures` that it depends on."""


HUMAN, HCP = ("nsd", "things", "laion"), ("nsd", "things")

FIGURES = (
    AlignmentFigure(
        "plot_region_boxes", paths.REGION_BOXES,
        {"subject_subject": PAIRS_1, "subject_model": MODELS, "pvalues": PVALUES}, HUMAN,
    ),
    AlignmentFigure(
        "plot_model_scatter", paths.MODEL_SCATTER,
        {"subject_subject": PAIRS_1, "subject_model": MODELS}, HUMAN,
        settings=("bootstrap", "seed"),
    ),
    AlignmentFigure(
        "plot_hubs", paths.HUB_BOXES,
        {"subject_subject": PAIRS_1, "subject_model": MODELS}, HCP,
    ),
    AlignmentFigure(
        "plot_hemispheres", paths.HEMISPHERES,
        {
            "subject_subject": PAIRS_1, "separated_subjects": PAIRS_1_SEPARATED,
            "separated_models": MODELS_SEPARATED, "pvalues": PVALUES,
        }, HCP,
        settings=("hemisphere_marks",),
    ),
    AlignmentFigure(
        "plot_statistics", paths.STATISTICS,
        {"subject_subject": PAIRS_1, "spearman": PAIRS_1_SPEARMAN, "cka": CKA}, HUMAN,
    ),
    AlignmentFigure(
        "plot_reliability", paths.RELIABILITY, {"subject_subject": PAIRS_1}, HUMAN,
        settings=("bootstrap", "seed"),
    ),
    AlignmentFigure(
        "plot_shifts", paths.SHIFTS,
        {"shift_0": PAIRS_0, "shift_1": PAIRS_1, "shift_2": PAIRS_2}, HUMAN,
        settings=("bootstrap", "seed"),
    ),
    AlignmentFigure(
        "plot_attenuation", paths.ATTENUATION,
        {"shift_0": PAIRS_0, "shift_1": PAIRS_1, "subject_model": MODELS}, HUMAN,
        latex=True, settings=("attenuation_starts", "seed"),
    ),
)  # fmt: skip
"""All figures of alignment."""

OF_MODELS = {
    **dict.fromkeys(
        ("plot_region_boxes", "plot_model_scatter", "plot_hubs", "plot_hemispheres"), MODALITIES
    ),
    "plot_attenuation": ("vision",),
}
"""Steps that are told which models there are, and of which modalities."""
WITH_REFERENCE = {"plot_model_scatter", "plot_attenuation"}
"""Steps that show what was published for NSD."""


def alignment_constraints() -> dict[str, str]:
    """Return the regular expression of every wildcard of figures of alignment."""
    return {name: "|".join(values) for name, values in WILDCARDS.items()}


def alignment_figure_steps(plans: Plans, catalogue: Sequence[Derivative]) -> list[Step]:
    """Return the steps of all figures of alignment.

    Parameters
    ----------
    plans : Plans
        What the run covers of every dataset.
    catalogue : sequence of Derivative
        The rows that name tables.

    Returns
    -------
    list of Step
        One a kind of figure.
    """
    return [_step(figure, plans, catalogue) for figure in FIGURES]


def alignment_figures(
    catalogue: Sequence[Derivative], wanted: Container[str] | None = None
) -> list[str]:
    """Return the figures whose tables are wanted.

    Parameters
    ----------
    catalogue : sequence of Derivative
        The rows that name tables.
    wanted : container of str, optional
        Files that can be made; all of them, if not given.

    Returns
    -------
    list of str
        Paths of PNG files.
    """
    found = []
    for figure in FIGURES:
        names = [name for name in WILDCARDS if f"{{{name}}}" in figure.output]
        for dataset, *values in product(figure.datasets, *(WILDCARDS[name] for name in names)):
            wildcards = {"dataset": dataset, **dict(zip(names, values, strict=True))}
            needs = [*figure.tables.values(), *_conditions(figure, wildcards)]
            rows = [_find(catalogue, dataset, need) for need in needs]
            if all(row and (wanted is None or row.target in wanted) for row in rows):
                found.append(figure.output.format_map(wildcards))
    return found


def _conditions(figure: AlignmentFigure, w: Wildcards) -> list[Need]:
    """Return what must be there beside the tables: models of a modality that is shown."""
    tested = w.get("measure", "intersubject")
    null: Need = ("null_subject_model", {"modality": tested, "hemispheres": "joined"})
    return [*figure.conditions, *([null] if tested in MODALITIES else [])]


def _find(catalogue: Sequence[Derivative], dataset: str, need: Need) -> Derivative | None:
    """Return the first row with some choices; of a subset, that of the figures."""
    analysis, choices = need
    for row in catalogue:
        same_images = row.parameters.get("subset") in (None, SUBSETS.get(dataset, "all"))
        if (
            (row.dataset, row.analysis) == (dataset, analysis)
            and choices.items() <= row.parameters.items()
            and same_images
        ):
            return row
    return None


def _step(figure: AlignmentFigure, plans: Plans, catalogue: Sequence[Derivative]) -> Step:
    """Return the step of one kind of figure."""

    def table(dataset: str, need: Need) -> str:
        row = _find(catalogue, dataset, need)
        if row is None:
            raise RepalignError(
                f"no {need[0]} of {dataset} with {dict(need[1])}",
                where="config/derivatives.tsv",
                expected=f"a row for every table of {figure.step}",
                remedy="Add the row, or ask for a figure of another dataset.",
            )
        return row.target

    def inputs(w: Wildcards) -> dict[str, Any]:
        tables = {name: table(w["dataset"], need) for name, need in figure.tables.items()}
        return {**tables, "regions": paths.REGIONS.format(dataset=w["dataset"])}

    def params(w: Wildcards) -> dict[str, Any]:
        plan = plans[w["dataset"]]
        found: dict[str, Any] = {"source": plan.source, "subjects": plan.subjects}
        found |= {name: w[name] for name in WILDCARDS if f"{{{name}}}" in figure.output}
        if figure.step in OF_MODELS:
            found |= {
                f"{modality}_models": [m for m in plan.models if modality_of(m) == modality]
                for modality in OF_MODELS[figure.step]
            }
        if figure.step in WITH_REFERENCE:
            found["reference"] = int(w["dataset"] == "nsd")
        settings = plans.settings.figures.model_dump(include=set(figure.settings))
        return found | settings

    stem = figure.output.removesuffix(".png")
    extra = {"svg": f"{stem}.svg", "tsv": f"{stem}.tsv"}
    extra |= {"latex": f"{stem}.tex"} if figure.latex else {}
    return Step(figure.step, figure.output, inputs, params=params, extra_outputs=extra)
