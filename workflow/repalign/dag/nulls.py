"""The steps of permutation nulls, sharded by regions or by model and subject.

A shard holds all draws. One draw of the cyclic scheme costs as much as a whole set of them, and a
shard of regions reads only its own rows of the RDM vectors, so this is the sharding that repeats
nothing. The bytes do not depend on it.
"""

from __future__ import annotations

from typing import Any

from repalign.dag.device import device_options
from repalign.dag.plans import Plans
from repalign.dag.recorded import RecordedPlan
from repalign.dag.rsa import vector_set
from repalign.dag.steps import Step, Wildcards
from repalign.dag.subject_model import model_params, session_vectors
from repalign.tables import paths

REGIONS_IN_BLOCK = 10


def null_steps(plans: Plans) -> list[Step]:
    """Return the steps that compute shards of nulls."""
    return [_subject_null(plans), _model_null(plans)]


def draw_params(plan: RecordedPlan, w: Wildcards) -> dict[str, Any]:
    """Return what the draws depend on."""
    permutation = plan.settings.permutation
    return {
        "repetitions": plan.n_repetitions,
        "permutations": int(w["permutations"]),
        "seed": permutation.seed,
        "scheme": permutation.scheme,
        "unit": permutation.unit,
        "n_images": plan.n_images,
    }


def n_blocks(plan: RecordedPlan, hemispheres: str) -> int:
    """Return the number of shards of an inter-subject null."""
    n_rois = len(plan.areas if hemispheres == "joined" else plan.regions)
    return -(-n_rois // REGIONS_IN_BLOCK)


def _subject_null(plans: Plans) -> Step:
    device, limits = device_options(plans.settings)

    def inputs(w: Wildcards) -> dict[str, Any]:
        plan = plans[w["dataset"]]
        chosen = {**w, "comparison": "pearson", "subset": plan.default_subset}
        pairs = [(i, j) for i in plan.subjects for j in plan.subjects if i != j]
        return {
            "x": [vector_set(plan, chosen, subject=i, partner=j, role="x") for i, j in pairs],
            "y": [vector_set(plan, chosen, subject=j, partner=i, role="y") for i, j in pairs],
        }

    def params(w: Wildcards) -> dict[str, Any]:
        plan = plans[w["dataset"]]
        return {
            "source": plan.source,
            **draw_params(plan, w),
            "subjects": plan.subjects,
            "first_row": int(w["block"]) * REGIONS_IN_BLOCK,
            "n_rows": REGIONS_IN_BLOCK,
            **device,
        }

    return Step(
        "compute_subject_null", paths.PAIR_NULL, inputs=inputs, params=params, limits=limits
    )


def _model_null(plans: Plans) -> Step:
    device, limits = device_options(plans.settings)

    def inputs(w: Wildcards) -> dict[str, Any]:
        plan = plans[w["dataset"]]
        own = session_vectors({"subset": plan.default_subset, **w}, "rdms")
        return {"rdms": own, **plan.feature_plan.inputs(w["model"])}

    return Step(
        "compute_model_null",
        paths.MODEL_NULL,
        inputs=inputs,
        external=lambda w: plans[w["dataset"]].feature_plan.external(w["model"]),
        params=lambda w: {
            **model_params(plans, w),
            **draw_params(plans[w["dataset"]], w),
            **device,
        },
        limits=limits,
    )
