"""The steps of the comparison of subjects with untrained models."""

from __future__ import annotations

from itertools import product
from typing import Any

from repalign.dag.catalogue import Derivative
from repalign.dag.device import device_options
from repalign.dag.plans import Plans
from repalign.dag.recorded import RecordedPlan
from repalign.dag.steps import Step, Wildcards
from repalign.dag.subject_model import session_vectors
from repalign.dag.table_maker import TableMaker
from repalign.errors import RepalignError
from repalign.tables import paths
from repalign.tables.paths import subject_label


def untrained_steps(plans: Plans, tables: TableMaker) -> list[Step]:
    """Return the steps of the comparison of subjects with untrained models.

    Parameters
    ----------
    plans : Plans
        What the run covers of every dataset.
    tables : TableMaker
        Of the catalogue.

    Returns
    -------
    list of Step
        The comparison of one subject with one model, and the table.
    """
    return [_compare(plans), _join(plans, tables)]


def _compare(plans: Plans) -> Step:
    device, limits = device_options(plans.settings)

    def inputs(w: Wildcards) -> dict[str, Any]:
        weights = f"random-seed-{w['seed']}"
        return {
            "grams": session_vectors(w, "grams"),
            "features": paths.FEATURES.format(
                dataset=w["dataset"], weights=weights, model=w["model"]
            ),
        }

    def params(w: Wildcards) -> dict[str, Any]:
        plan = plans[w["dataset"]]
        return {
            "source": plan.source,
            "subject": int(w["subject"]),
            "dataset": w["dataset"],
            "model": w["model"],
            "seed": int(w["seed"]),
            "repetitions": plan.n_repetitions,
            "min_trials": plan.settings.rsa.min_trials,
            **device,
        }

    return Step(
        "compare_untrained", paths.UNTRAINED_PART, inputs=inputs, params=params, limits=limits
    )


def _join(plans: Plans, tables: TableMaker) -> Step:
    def models(plan: RecordedPlan) -> list[str]:
        found = plan.feature_plan.untrained
        if not found:
            raise RepalignError(
                "no model to compare untrained",
                where=f"untrained.models: {plan.settings.untrained.models}",
                expected=f"at least one row of {plan.feature_plan.registry_path}",
                remedy="Correct untrained.models, or add rows to the registry.",
            )
        return found

    def parts(row: Derivative) -> dict[str, Any]:
        plan = plans[row.dataset]
        return {
            "parts": [
                paths.UNTRAINED_PART.format(
                    dataset=row.dataset,
                    model=model,
                    seed=seed,
                    subject=subject_label(subject),
                    **row.parameters,
                )
                for model, seed, subject in product(
                    models(plan), plan.settings.untrained.seeds, plan.subjects
                )
            ]
        }

    def params(row: Derivative) -> dict[str, Any]:
        plan = plans[row.dataset]
        return {
            "models": models(plan),
            "seeds": plan.settings.untrained.seeds,
            "subjects": plan.subjects,
            "sessions": [plan.sessions[subject] for subject in plan.subjects],
            "hemispheres": row.parameters["hemispheres"],
        }

    return tables.step("join_cka_untrained", "cka_untrained_models", parts, params)
