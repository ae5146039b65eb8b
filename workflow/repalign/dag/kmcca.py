"""The steps of kernel multi-view CCA over subjects, and what is derived from it."""

from __future__ import annotations

from typing import Any

from repalign.dag.captions import QUESTIONS
from repalign.dag.catalogue import Derivative
from repalign.dag.nsd_plan import N_REPETITIONS, NsdPlan
from repalign.dag.rsa import subject_inputs
from repalign.dag.steps import Step, Wildcards
from repalign.dag.table_maker import TableMaker
from repalign.tables import paths
from repalign.tables.paths import subject_label


def kmcca_steps(plan: NsdPlan, tables: TableMaker) -> list[Step]:
    """Return the steps of kernel multi-view CCA over subjects."""
    fit = [_grams(plan), _fit(plan), _annotate(plan)]
    return [*fit, *_published(plan, tables), _control(plan)]


def _image_params(plan: NsdPlan) -> dict[str, Any]:
    """Return what decides which images take part."""
    return {
        "source": plan.source,
        "subjects": plan.subjects,
        "repetitions": N_REPETITIONS,
        "images": plan.settings.kmcca.images,
    }


def _prepared() -> dict[str, Any]:
    """Return the tables of trials and stimuli."""
    return {
        "trials": paths.TRIALS.format(dataset="nsd"),
        "stimuli": paths.STIMULI.format(dataset="nsd"),
    }


def _described() -> dict[str, Any]:
    """Return the components and what is known of their images."""
    return {
        "components": paths.COMPONENTS.format(dataset="nsd"),
        "annotations": paths.IMAGE_ANNOTATIONS.format(dataset="nsd"),
    }


def _grams(plan: NsdPlan) -> Step:
    return Step(
        "compute_grams",
        paths.GRAMS.replace("{dataset}", "nsd"),
        inputs=lambda w: {**subject_inputs({"dataset": "nsd", **w}), **_prepared()},
        params=lambda w: {**_image_params(plan), "subject": int(w["subject"])},
    )


def _fit(plan: NsdPlan) -> Step:
    def inputs(_: Wildcards) -> dict[str, Any]:
        labels = [subject_label(subject) for subject in plan.subjects]
        return {"grams": [paths.GRAMS.format(dataset="nsd", subject=label) for label in labels]}

    def params(_: Wildcards) -> dict[str, Any]:
        chosen = plan.settings.kmcca
        return {
            "source": plan.source,
            "regularisation": chosen.regularisation,
            "kernel": chosen.kernel,
            "n_components": chosen.components,
            # 0 stands for no limit, since an option cannot be empty.
            "signal_rank": chosen.signal_rank or 0,
            "folds": chosen.folds,
            "seed": chosen.seed,
        }

    return Step("fit_components", paths.COMPONENTS.format(dataset="nsd"), inputs, params=params)


def _annotate(plan: NsdPlan) -> Step:
    def inputs(_: Wildcards) -> dict[str, Any]:
        return {
            **_prepared(),
            "objects": paths.OBJECTS_INDEX,
            "areas": paths.COCO_OBJECTS.format(dataset="nsd"),
            "detected": paths.SCENE_OBJECTS.format(dataset="nsd"),
            **{
                question: paths.ANSWERS.format(dataset="nsd", question=question)
                for question in QUESTIONS
            },
        }

    return Step(
        "annotate_images",
        paths.IMAGE_ANNOTATIONS.format(dataset="nsd"),
        inputs,
        params=lambda _: _image_params(plan),
    )


def _published(plan: NsdPlan, tables: TableMaker) -> list[Step]:
    chosen = plan.settings.kmcca

    def words(row: Derivative) -> dict[str, Any]:
        return {
            "projections": tables.find(row.dataset, "kmcca_projections"),
            "words": paths.WORDS.format(dataset=row.dataset, words="words_clean"),
        }

    def word_params(_: Derivative) -> dict[str, Any]:
        return {
            "min_images": chosen.min_images,
            "permutations": chosen.permutations,
            "seed": chosen.seed,
        }

    return [
        tables.step(
            "join_kmcca_projections",
            "kmcca_projections",
            lambda _: _described(),
            lambda _: {},
            with_regions=False,
        ),
        tables.step("score_words", "kmcca_top_words", words, word_params, with_regions=False),
    ]


def _control(plan: NsdPlan) -> Step:
    return Step(
        "build_control_matrix",
        paths.COMPUTED_CONTROLS.replace("{dataset}", "nsd"),
        inputs=lambda _: _described(),
        params=lambda w: {"source": plan.source, "control": w["control"]},
    )
