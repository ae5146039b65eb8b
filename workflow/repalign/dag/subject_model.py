"""The steps of brain-model alignment: session RDMs, comparisons with models, partial RSA."""

from __future__ import annotations

from typing import Any

from repalign.dag.nsd_plan import NsdPlan
from repalign.dag.rsa import (
    MEASURES,
    alignment_params,
    device_options,
    same_image,
    subject_inputs,
)
from repalign.dag.steps import Step, Wildcards
from repalign.tables import paths


def session_vectors(w: Wildcards, vectors: str) -> str:
    """Return the folder of a subject's vectors in each session; `rdms` or `grams`."""
    return paths.SESSION_VECTORS.format_map({**w, "vectors": vectors})


def subject_model_steps(plan: NsdPlan) -> list[Step]:
    """Return the steps up to the comparison of one subject with one model."""
    limits = {"memory_mb": plan.settings.resources.memory_mb}
    device, device_limits = device_options(plan)

    def subject_params(w: Wildcards) -> dict[str, Any]:
        return {**alignment_params(plan, w), "subject": int(w["subject"])}

    def model_params(w: Wildcards) -> dict[str, Any]:
        return {
            **subject_params(w),
            "model": w["model"],
            "dataset": w["dataset"],
            "assume_row_order": int(plan.nsd.assume_row_order),
        }

    def features(w: Wildcards) -> dict[str, Any]:
        return plan.feature_plan.inputs(w["model"])

    def supplied(w: Wildcards) -> dict[str, Any]:
        return plan.feature_plan.external(w["model"])

    return [
        Step(
            "compute_session_rdms",
            paths.SESSION_VECTORS,
            inputs=lambda w: subject_inputs(w, paths.RESPONSES),
            params=lambda w: {
                **subject_params(w),
                # Gram vectors have no such choice.
                **(same_image(plan) if w["vectors"] == "rdms" else {"drop_same_image_pairs": 0}),
                "measure": MEASURES[w["vectors"]],
            },
            limits=limits,
        ),
        Step(
            "compare_model",
            paths.MODEL_PART,
            inputs=lambda w: {"rdms": session_vectors(w, "rdms"), **features(w)},
            external=supplied,
            params=lambda w: {**model_params(w), **same_image(plan), **device},
            limits=device_limits,
        ),
        Step(
            "compute_control_rdms",
            paths.CONTROL_RDMS,
            inputs=lambda w: {
                **subject_inputs(w),
                "subset": paths.CONTROLLED.format(dataset=w["dataset"]),
            },
            params=lambda w: {**subject_params(w), **same_image(plan)},
            limits=limits,
        ),
        Step(
            "compare_model_partial",
            paths.PARTIAL_MODEL_PART,
            inputs=lambda w: {
                "rdms": paths.CONTROL_RDMS.format_map(dict(w)),
                **features(w),
                **plan.control_plan.inputs(),
            },
            external=lambda w: {**supplied(w), **plan.control_plan.external()},
            params=lambda w: {
                **model_params(w),
                **same_image(plan),
                "control_names": plan.control_plan.names,
            },
        ),
    ]
