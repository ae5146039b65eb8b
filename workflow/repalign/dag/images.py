"""The steps of RSA on mean responses to images, of any dataset."""

from __future__ import annotations

from typing import Any

from repalign.dag.catalogue import Derivative
from repalign.dag.device import device_options
from repalign.dag.plans import Plans
from repalign.dag.recorded import RecordedPlan
from repalign.dag.rsa import (
    alignment_params,
    image_set,
    same_image,
    subject_inputs,
    subset_input,
)
from repalign.dag.steps import Step, Wildcards
from repalign.dag.table_maker import TableMaker
from repalign.tables import paths
from repalign.tables.paths import subject_label


def image_steps(plans: Plans, tables: TableMaker) -> list[Step]:
    """Return the steps up to the published table."""
    return [_compute(plans), _compare(plans), _join(plans, tables), _pairs(plans, tables)]


def _subset(w: Wildcards) -> list[str]:
    return list(subset_input(w).values())


def _compute(plans: Plans) -> Step:
    def params(w: Wildcards) -> dict[str, Any]:
        plan = plans[w["dataset"]]
        # Tokens of captions are compared with NSD as it was published.
        mode = plans.settings.tokenizers.trial_mode if w["dataset"] == "nsd" else "mean"
        return {
            **alignment_params(plan, w),
            **same_image(plan),
            "subject": int(w["subject"]),
            "trial_mode": mode,
        }

    return Step(
        "compute_image_rdms",
        paths.IMAGE_RDMS,
        inputs=lambda w: {**subject_inputs(w), "subset": _subset(w)},
        params=params,
        limits={"memory_mb": plans.settings.resources.memory_mb},
    )


def _compare(plans: Plans) -> Step:
    device, limits = device_options(plans.settings)

    def models(plan: RecordedPlan) -> list[str]:
        return plan.models if plan.feature_plan.is_ready else []

    def inputs(w: Wildcards) -> dict[str, Any]:
        plan = plans[w["dataset"]]
        labels = [subject_label(s) for s in plan.subjects]
        own = paths.IMAGE_RDMS.replace("{subject}", "{{subject}}").format_map(dict(w))
        return {
            **subject_inputs(w),
            "subset": _subset(w),
            "rdms": [own.format(subject=label) for label in labels],
            **plan.feature_plan.inputs_of(models(plan), "features"),
        }

    def params(w: Wildcards) -> dict[str, Any]:
        plan, rsa = plans[w["dataset"]], plans.settings.rsa
        permutation = plans.settings.permutation
        return {
            **alignment_params(plan, w),
            "dataset": w["dataset"],
            "subject": plan.selected(int(w["subject"])),
            "subjects": plan.subjects,
            "models": models(plan),
            "image_set": image_set(w["dataset"], w["subset"]),
            "assume_row_order": int(plan.own.assume_row_order),
            "permutations": int(w["permutations"]),
            "scheme": permutation.scheme,
            "seed": permutation.seed,
            "split_halves": rsa.split_halves,
            "ties": rsa.spearman_ties,
            **device,
        }

    def external(w: Wildcards) -> dict[str, Any]:
        plan = plans[w["dataset"]]
        return plan.feature_plan.external_of(models(plan), "features")

    return Step(
        "compare_images",
        paths.IMAGES_PART,
        inputs=inputs,
        external=external,
        params=params,
        limits=limits,
    )


def _join(plans: Plans, tables: TableMaker) -> Step:
    def inputs(row: Derivative) -> dict[str, Any]:
        labels = [subject_label(s) for s in plans[row.dataset].subjects]
        part = {"dataset": row.dataset, **row.parameters}
        return {"parts": [paths.IMAGES_PART.format(subject=s, **part) for s in labels]}

    def params(row: Derivative) -> dict[str, Any]:
        return {
            "subjects": plans[row.dataset].subjects,
            "image_set": image_set(row.dataset, row.parameters["subset"]),
            "hemispheres": row.parameters["hemispheres"],
        }

    return tables.step("join_rsa_images", "rsa_images", inputs, params)


def _pairs(plans: Plans, tables: TableMaker) -> Step:
    """Return the step of all regions with all, in the columns that figures are made from."""

    def inputs(row: Derivative) -> dict[str, Any]:
        own = {"dataset": row.dataset, **row.parameters}
        labels = [subject_label(s) for s in plans[row.dataset].subjects]
        return {"rdms": [paths.IMAGE_RDMS.format(subject=label, **own) for label in labels]}

    def params(row: Derivative) -> dict[str, Any]:
        plan = plans[row.dataset]
        return {
            "subjects": plan.subjects,
            "repetitions": plan.n_repetitions,
            "hemispheres": row.parameters["hemispheres"],
            "comparison": row.parameters["comparison"],
            "ties": plans.settings.rsa.spearman_ties,
        }

    return tables.step("compare_image_rdms", "rsa_image_pairs", inputs, params)
