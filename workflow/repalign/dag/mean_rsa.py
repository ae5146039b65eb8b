"""The step of inter-subject RSA on mean responses, with its noise ceilings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from repalign.dag.catalogue import Derivative
from repalign.dag.plans import Plans
from repalign.dag.rsa import subset_input
from repalign.dag.steps import Step
from repalign.dag.table_maker import TableMaker
from repalign.tables import paths
from repalign.tables.paths import subject_label


def mean_rsa_steps(plans: Plans, tables: TableMaker) -> list[Step]:
    """Return the step, whose outputs are a table of pairs of subjects and one of ceilings."""

    def inputs(row: Derivative) -> dict[str, Any]:
        labels = [subject_label(subject) for subject in plans[row.dataset].subjects]
        return {
            "trials": paths.TRIALS.format(dataset=row.dataset),
            "responses": [paths.RESPONSES.format(dataset=row.dataset, subject=s) for s in labels],
            **subset_input({"dataset": row.dataset, **row.parameters}),
        }

    def params(row: Derivative) -> dict[str, Any]:
        ceilings = plans.settings.ceilings
        return {
            "subjects": plans[row.dataset].subjects,
            "hemispheres": row.parameters["hemispheres"],
            "comparison": row.parameters["comparison"],
            "clip_quantile": plans.settings.rsa.clip_quantile,
            "n_splits": ceilings.n_splits,
            "seed": ceilings.seed,
        }

    step = tables.step(
        "compare_mean_responses",
        "rsa_subject_subject_means",
        inputs,
        params,
        limits={"memory_mb": plans.settings.resources.memory_mb},
    )
    place = paths.CEILINGS_TABLE.replace("{table}", "{rsa_subject_subject_means_table}")
    return [replace(step, extra_outputs={"ceilings": place})]
