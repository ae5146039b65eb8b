"""The steps of permutation nulls, sharded by regions or by model and subject.

A shard holds all draws. One draw of the cyclic scheme costs as much as a whole set of them, and a
shard of regions reads only its own rows of the RDM vectors, so this is the sharding that repeats
nothing. The bytes do not depend on it.
"""

from __future__ import annotations

from typing import Any

from repalign.dag.nsd_plan import N_REPETITIONS, NsdPlan
from repalign.dag.rsa import alignment_params, device_options, same_image, vector_set
from repalign.dag.steps import Step, Wildcards
from repalign.dag.subject_model import session_vectors
from repalign.tables import paths

REGIONS_IN_BLOCK = 10
N_IMAGES = 73_000
"""Images of NSD; a draw of images is restricted to those of a set of trials."""


def null_steps(plan: NsdPlan) -> list[Step]:
    """Return the steps that compute shards of nulls."""
    return [_subject_null(plan), _model_null(plan)]


def draw_params(plan: NsdPlan, w: Wildcards) -> dict[str, Any]:
    """Return what the draws depend on."""
    permutation = plan.settings.permutation
    return {
        "repetitions": N_REPETITIONS,
        "permutations": int(w["permutations"]),
        "seed": permutation.seed,
        "scheme": permutation.scheme,
        "unit": permutation.unit,
        "n_images": N_IMAGES,
    }


def n_blocks(plan: NsdPlan, hemispheres: str) -> int:
    """Return the number of shards of an inter-subject null."""
    n_rois = len(plan.areas) if hemispheres == "joined" else len(plan.regions)
    return -(-n_rois // REGIONS_IN_BLOCK)


def _subject_null(plan: NsdPlan) -> Step:
    device, limits = device_options(plan)

    def inputs(w: Wildcards) -> dict[str, Any]:
        chosen = {**w, "comparison": "pearson", "subset": "all"}
        pairs = [(i, j) for i in plan.subjects for j in plan.subjects if i != j]
        return {
            "x": [vector_set(plan, chosen, subject=i, partner=j, role="x") for i, j in pairs],
            "y": [vector_set(plan, chosen, subject=j, partner=i, role="y") for i, j in pairs],
        }

    def params(w: Wildcards) -> dict[str, Any]:
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


def _model_null(plan: NsdPlan) -> Step:
    device, limits = device_options(plan)

    def params(w: Wildcards) -> dict[str, Any]:
        return {
            **alignment_params(plan, w),
            **draw_params(plan, w),
            **same_image(plan),
            "subject": int(w["subject"]),
            "model": w["model"],
            "dataset": w["dataset"],
            "assume_row_order": int(plan.nsd.assume_row_order),
            **device,
        }

    return Step(
        "compute_model_null",
        paths.MODEL_NULL,
        inputs=lambda w: {
            "rdms": session_vectors(w, "rdms"),
            **plan.feature_plan.inputs(w["model"]),
        },
        external=lambda w: plan.feature_plan.external(w["model"]),
        params=params,
        limits=limits,
    )
