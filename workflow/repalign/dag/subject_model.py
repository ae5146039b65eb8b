"""The steps of brain-model alignment: session RDMs, comparisons with models, partial RSA."""

from __future__ import annotations

from typing import Any

from repalign.dag.device import device_options
from repalign.dag.plans import Plans
from repalign.dag.rsa import (
    MEASURES,
    alignment_params,
    same_image,
    set_limits,
    subject_inputs,
    subset_input,
)
from repalign.dag.steps import Step, Wildcards
from repalign.tables import paths


def session_vectors(w: Wildcards, vectors: str) -> str:
    """Return the folder of a subject's vectors in each session; `rdms` or `grams`."""
    return paths.SESSION_VECTORS.format_map({"subset": "all", **w, "vectors": vectors})


def subject_model_steps(plans: Plans) -> list[Step]:
    """Return the steps up to the comparison of one subject with one model."""
    return [
        _session_vectors(plans),
        _compare(plans),
        _control_vectors(plans),
        _compare_partial(plans),
    ]


def model_params(plans: Plans, w: Wildcards) -> dict[str, Any]:
    """Return what every comparison of a subject with a model depends on."""
    plan = plans[w["dataset"]]
    return {
        **alignment_params(plan, w),
        **same_image(plan),
        "subject": int(w["subject"]),
        "model": w["model"],
        "dataset": w["dataset"],
        "assume_row_order": int(plan.own.assume_row_order),
    }


def _subject_params(plans: Plans, w: Wildcards) -> dict[str, Any]:
    return {**alignment_params(plans[w["dataset"]], w), "subject": int(w["subject"])}


def _session_vectors(plans: Plans) -> Step:
    def params(w: Wildcards) -> dict[str, Any]:
        # Gram vectors have no such choice.
        is_rdm = w["vectors"] == "rdms"
        return {
            **_subject_params(plans, w),
            **(same_image(plans[w["dataset"]]) if is_rdm else {"drop_same_image_pairs": 0}),
            "measure": MEASURES[w["vectors"]],
        }

    return Step(
        "compute_session_rdms",
        paths.SESSION_VECTORS,
        inputs=lambda w: {**subject_inputs(w, paths.RESPONSES), **subset_input(w)},
        params=params,
        limits={"memory_mb": plans.settings.resources.memory_mb},
    )


def _compare(plans: Plans) -> Step:
    device, limits = device_options(plans.settings)

    def inputs(w: Wildcards) -> dict[str, Any]:
        features = plans[w["dataset"]].feature_plan.inputs(w["model"])
        return {"rdms": session_vectors(w, "rdms"), **features}

    return Step(
        "compare_model",
        paths.MODEL_PART,
        inputs=inputs,
        external=lambda w: plans[w["dataset"]].feature_plan.external(w["model"]),
        params=lambda w: {**model_params(plans, w), **device},
        limits=limits,
    )


def _control_vectors(plans: Plans) -> Step:
    def inputs(w: Wildcards) -> dict[str, Any]:
        controlled = paths.CONTROLLED.format(dataset=w["dataset"])
        return {**subject_inputs(w), "subset": controlled}

    return Step(
        "compute_control_rdms",
        paths.CONTROL_RDMS,
        inputs=inputs,
        params=lambda w: {**_subject_params(plans, w), **same_image(plans[w["dataset"]])},
        limits=set_limits(plans),
    )


def _compare_partial(plans: Plans) -> Step:
    def inputs(w: Wildcards) -> dict[str, Any]:
        plan = plans[w["dataset"]]
        return {
            "rdms": paths.CONTROL_RDMS.format_map(dict(w)),
            **plan.feature_plan.inputs(w["model"]),
            **plan.control_plan.inputs(),
        }

    def external(w: Wildcards) -> dict[str, Any]:
        plan = plans[w["dataset"]]
        return {**plan.feature_plan.external(w["model"]), **plan.control_plan.external()}

    def params(w: Wildcards) -> dict[str, Any]:
        plan = plans[w["dataset"]]
        return {
            **model_params(plans, w),
            "control_names": plan.control_plan.names,
            "control_id": plan.id_column,
        }

    return Step(
        "compare_model_partial",
        paths.PARTIAL_MODEL_PART,
        inputs=inputs,
        external=external,
        params=params,
    )
