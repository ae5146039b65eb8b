"""Figures of shared components, partial RSA, tokens, untrained models and other datasets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Sequence
from dataclasses import dataclass
from typing import Any

from repalign.dag.catalogue import INDEXES, Derivative
from repalign.dag.plans import Plans
from repalign.dag.recorded import RecordedPlan
from repalign.dag.rsa import image_set
from repalign.dag.steps import Step, Wildcards
from repalign.dag.table_maker import TableMaker, beside
from repalign.models.modality import modality_of
from repalign.tables import paths

Find = Callable[..., str]
"""Path of a file of a dataset and an analysis with some choices."""
Others = Callable[[Derivative, Find], dict[str, str]]


def _no_others(_: Derivative, __: Find) -> dict[str, str]:
    """Return an empty mapping: the table alone."""
    return {}


def _tokens_beside(row: Derivative, find: Find) -> dict[str, str]:
    """Return the tables that tokenizers are compared with."""
    same = {"hemispheres": row.parameters["hemispheres"]}
    pearson = {**same, "shift": "1", "comparison": "pearson"}
    return {
        "subject_subject": find(row.dataset, "rsa_subject_subject", **pearson),
        "subject_model": find(row.dataset, "rsa_subject_model", **same),
    }


def _models_of_sessions(row: Derivative, find: Find) -> dict[str, str]:
    """Return the table of models on the same images."""
    same = {name: row.parameters[name] for name in ("hemispheres", "subset")}
    return {"subject_model": find(row.dataset, "rsa_subject_model", **same)}


@dataclass(frozen=True)
class TableFigure:
    """A kind of figure: one for every table of an analysis.

    Attributes
    ----------
    step : str
        Name of step, rule and script.
    analysis : str
        Analysis of the catalogue whose tables are shown.
    output : str
        Path pattern with `{dataset}` and `{table}`.
    others : callable
        Row of the catalogue to further tables that the figure needs.
    """

    step: str
    analysis: str
    output: str
    others: Others = _no_others

    def path(self, row: Derivative) -> str:
        """Return the figure of a table."""
        return self.output.format(dataset=row.dataset, table=row.name)


TABLE_FIGURES = (
    TableFigure("plot_components", "kmcca_projections", paths.COMPONENTS_FIGURE),
    TableFigure("plot_words", "kmcca_top_words", paths.WORDS_FIGURE),
    TableFigure("plot_partial", "rsa_subject_subject_partial", paths.PARTIAL_FIGURE),
    TableFigure("plot_partitions", "rsa_partitions", paths.PARTITIONS_FIGURE),
    TableFigure("plot_tokenizers", "rsa_tokenizers", paths.TOKENIZERS_FIGURE, _tokens_beside),
    TableFigure("plot_untrained", "cka_untrained_models", paths.UNTRAINED_FIGURE),
    TableFigure("plot_surfaces", "model_model", paths.SURFACES_FIGURE),
    TableFigure(
        "plot_sessions", "rsa_subject_subject_sessions", paths.SESSIONS_FIGURE, _models_of_sessions
    ),
)
"""All of them; a test draws each."""
EXTRA_OUTPUTS = ("svg", "tsv")


def comparison_figures(
    catalogue: Sequence[Derivative], wanted: Container[str] | None = None
) -> list[str]:
    """Return the figures whose tables can be made, and a page for each dataset with recordings.

    Parameters
    ----------
    catalogue : sequence of Derivative
        Rows.
    wanted : container of str, optional
        Files that can be made; all of them, if not given.
    """

    def find(dataset: str, analysis: str, **parameters: str) -> str:
        return next(
            (
                row.target
                for row in catalogue
                if (row.dataset, row.analysis) == (dataset, analysis)
                and parameters.items() <= row.parameters.items()
            ),
            "",
        )

    def there(paths: Collection[str]) -> bool:
        return all(path and (wanted is None or path in wanted) for path in paths)

    shown = [row for row in catalogue if there([row.target])]
    pages = dict.fromkeys(row.dataset for row in shown if row.analysis not in INDEXES)
    return [
        *(paths.QUALITY_FIGURE.format(dataset=dataset) for dataset in pages if dataset != "any"),
        *(
            figure.path(row)
            for row in shown
            for figure in TABLE_FIGURES
            if figure.analysis == row.analysis and there(figure.others(row, find).values())
        ),
    ]


def comparison_figure_steps(plans: Plans, tables: TableMaker) -> list[Step]:
    """Return the steps of all figures of `TABLE_FIGURES`, and of dataset pages.

    Parameters
    ----------
    plans : Plans
        What the run covers of every dataset.
    tables : TableMaker
        Of the catalogue.
    """
    params = {
        "plot_components": lambda _: {},
        "plot_words": lambda _: {},
        "plot_partial": lambda row: _pair_params(plans, row),
        "plot_partitions": lambda row: _partition_params(plans, row),
        "plot_tokenizers": lambda row: _token_params(plans, row),
        "plot_untrained": lambda row: _untrained_params(plans, row),
        "plot_surfaces": lambda _: {},
        "plot_sessions": lambda row: _session_params(plans, row),
    }
    without_regions = {"plot_components", "plot_words", "plot_surfaces"}
    steps = [
        tables.step(
            figure.step,
            figure.analysis,
            _inputs(figure, plans, tables),
            params[figure.step],
            figure.output,
            with_regions=figure.step not in without_regions,
            extra_outputs=EXTRA_OUTPUTS,
        )
        for figure in TABLE_FIGURES
    ]
    return [_page(plans, tables), *steps]


def _inputs(
    figure: TableFigure, plans: Plans, tables: TableMaker
) -> Callable[[Derivative], dict[str, Any]]:
    """Return what a figure reads; trained models beside untrained ones where there are any."""

    def inputs(row: Derivative) -> dict[str, Any]:
        found: dict[str, Any] = {"table": row.target, **figure.others(row, tables.find)}
        if figure.step == "plot_untrained":
            same = {"hemispheres": row.parameters["hemispheres"]}
            trained = tables.find(row.dataset, "rsa_subject_model", **same)
            found["subject_model"] = [trained] if _has_models(plans[row.dataset]) else []
        return found

    return inputs


def _has_models(plan: RecordedPlan) -> bool:
    """Say whether there are features of trained models."""
    return "features" not in plan.absent_sources()


def _models(plan: RecordedPlan) -> dict[str, list[str]]:
    """Return names and modalities of models, in the same order."""
    return {"models": plan.models, "modalities": [modality_of(name) for name in plan.models]}


def _pair_params(plans: Plans, row: Derivative) -> dict[str, Any]:
    subjects = plans[row.dataset].subjects
    return {"subjects": subjects, "hemispheres": row.parameters["hemispheres"]}


def _partition_params(plans: Plans, row: Derivative) -> dict[str, Any]:
    return {
        **_pair_params(plans, row),
        "shift": int(row.parameters["shift"]),
        "comparison": row.parameters["comparison"],
        "subsets": list(plans[row.dataset].partitions),
        "test": plans.settings.figures.partition_test,
    }


def _token_params(plans: Plans, row: Derivative) -> dict[str, Any]:
    distance = plans.settings.figures.token_distance
    return {**_pair_params(plans, row), **_models(plans[row.dataset]), "distance": distance}


def _untrained_params(plans: Plans, row: Derivative) -> dict[str, Any]:
    plan = plans[row.dataset]
    models = _models(plan) if _has_models(plan) else {"models": [], "modalities": []}
    return {**_pair_params(plans, row), **models}


def _session_params(plans: Plans, row: Derivative) -> dict[str, Any]:
    plan = plans[row.dataset]
    subset = row.parameters["subset"]
    return {
        **_pair_params(plans, row),
        **_models(plan),
        "title": plan.title,
        "image_set": image_set(row.dataset, subset),
    }


def _page(plans: Plans, tables: TableMaker) -> Step:
    """Return the step of the page of a dataset."""

    def inputs(w: Wildcards) -> dict[str, Any]:
        dataset = w["dataset"]
        plan = plans[dataset]
        pearson = {
            "shift": "1",
            "hemispheres": "joined",
            "comparison": "pearson",
            "subset": plan.default_subset,
        }
        has_pairs = tables.has(dataset, "rsa_subject_subject", **pearson)
        has_neurons = tables.has(dataset, "neuron_ceilings")
        reliability = [tables.find(dataset, "rsa_subject_subject", **pearson)] if has_pairs else []
        ceilings = [tables.find(dataset, "neuron_ceilings")] if has_neurons else []
        return {
            "trials": paths.TRIALS.format(dataset=dataset),
            "stimuli": paths.STIMULI.format(dataset=dataset),
            "regions": paths.REGIONS.format(dataset=dataset),
            "quality": paths.QUALITY.format(dataset=dataset),
            "subject_subject": [] if has_neurons else reliability,
            "ceilings": ceilings,
        }

    def params(w: Wildcards) -> dict[str, Any]:
        plan = plans[w["dataset"]]
        return {
            "source": plan.source,
            "subjects": plan.subjects,
            "title": plan.title,
            "unit": "neurons" if plan.name == "mouse" else "voxels",
            # Elsewhere the number of showings differs between shared images by design.
            "planned": plan.n_repetitions if plan.name == "nsd" else 0,
        }

    return Step(
        "plot_dataset",
        paths.QUALITY_FIGURE,
        inputs,
        params=params,
        extra_outputs=beside(paths.QUALITY_FIGURE, EXTRA_OUTPUTS),
    )
