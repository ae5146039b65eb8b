"""The steps of inter-subject alignment, from prepared responses to published tables."""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

from repalign.dag.catalogue import Derivative
from repalign.dag.device import device_options
from repalign.dag.plans import Plans
from repalign.dag.recorded import RecordedPlan
from repalign.dag.steps import Step, Wildcards
from repalign.tables import paths
from repalign.tables.paths import subject_label
from repalign.tables.rsa_table import mirrored

MEASURES = {"rdms": "rdm", "grams": "gram"}
"""Folders of vectors, and what they hold."""

VECTOR_FOLDERS = {
    "pearson": paths.VECTORS.replace("{vectors}", "rdms"),
    "spearman": paths.RANKED_RDMS,
    "cka": paths.VECTORS.replace("{vectors}", "grams"),
}
"""Where the vectors of each comparison lie."""

STIMULUS_SETS = ("coco", "imagenet", "scenes", "train", "validation", "test")
"""Values of the column `subset` of `stimuli.parquet`, of whatever dataset."""


def alignment_params(plan: RecordedPlan, w: Wildcards) -> dict[str, Any]:
    """Return what every computation of RDM vectors depends on."""
    rsa = plan.settings.rsa
    return {
        "source": plan.source,
        "repetitions": plan.n_repetitions,
        "hemispheres": w["hemispheres"],
        "clip_quantile": rsa.clip_quantile,
        "min_trials": rsa.min_trials,
    }


def same_image(plan: RecordedPlan) -> dict[str, int]:
    """Return the switch of pairs of trials that show one image."""
    return {"drop_same_image_pairs": int(plan.settings.rsa.drop_same_image_pairs)}


def subject_inputs(w: Wildcards, responses: str = paths.SHARED_RESPONSES) -> dict[str, Any]:
    """Return the prepared files of one subject, by default with shared trials alone."""
    return {
        "responses": responses.format(dataset=w["dataset"], subject=w["subject"]),
        "trials": paths.TRIALS.format(dataset=w["dataset"]),
        "regions": paths.REGIONS.format(dataset=w["dataset"]),
    }


def subset_input(w: Wildcards) -> dict[str, Any]:
    """Return the list of stimuli that take part as an input; none where all do."""
    subset = w.get("subset", "all")
    return (
        {}
        if subset == "all"
        else {"subset": paths.SUBSET.format(dataset=w["dataset"], subset=subset)}
    )


def rsa_steps(plans: Plans) -> list[Step]:
    """Return the steps up to the comparison of two subjects, in the order of the data."""
    compare = [_compare, _compare_partial, _compare_group, _compare_sessions]
    made = [_select(plans), *_subsets(plans), _compute(plans), _rank(plans)]
    return [*made, *(step(plans) for step in compare)]


def representative(plan: RecordedPlan, subject: int, partner: int, shift: int) -> int:
    """Return the partner whose trial set with `subject` is computed for all partners like it.

    In most datasets the trials that match depend on the partner's number of sessions alone.
    Without a shift, sessions that `subject` does not have change nothing either.

    Parameters
    ----------
    plan : RecordedPlan
        What the run covers of the dataset.
    subject, partner : int
        Subject numbers.
    shift : int
        Shift of the repetitions.

    Returns
    -------
    int
        The first subject that stands for `partner`, or `partner` itself if sets are not shared.
    """
    if plan.settings.rsa.trial_sets == "per_pair" or not plan.partners_are_alike:
        return partner

    def overlap(other: int) -> int:
        count = plan.sessions[other]
        return min(count, plan.sessions[subject]) if shift == 0 else count

    return next(other for other in plan.subjects if overlap(other) == overlap(partner))


def vector_set(plan: RecordedPlan, w: Wildcards, *, subject: int, partner: int, role: str) -> str:
    """Return the folder of vectors that one side of a comparison reads."""
    shift = int(w["shift"])
    return VECTOR_FOLDERS[w["comparison"]].format(
        dataset=w["dataset"],
        subset=w.get("subset", "all"),
        shift=shift,
        hemispheres=w["hemispheres"],
        subject=subject_label(subject),
        # Without a shift the two sides of a pair use the same trials in the same order.
        role=role if shift else "x",
        partner=subject_label(representative(plan, subject, partner, shift)),
    )


def _select(plans: Plans) -> Step:
    return Step(
        "select_shared_responses",
        paths.SHARED_RESPONSES,
        inputs=lambda w: subject_inputs(w, paths.RESPONSES),
        params=lambda w: {
            "source": plans[w["dataset"]].source,
            "subject": int(w["subject"]),
        },
    )


def _compute(plans: Plans) -> Step:
    def params(w: Wildcards) -> dict[str, Any]:
        plan = plans[w["dataset"]]
        return {
            **alignment_params(plan, w),
            **same_image(plan),
            "measure": MEASURES[w["vectors"]],
            "subject": int(w["subject"]),
            "partner": int(w["partner"]),
            "role": w["role"],
            "shift": int(w["shift"]),
        }

    return Step(
        "compute_rdms",
        paths.VECTORS,
        inputs=lambda w: {**subject_inputs(w), **subset_input(w)},
        params=params,
        limits=set_limits(plans),
    )


def _rank(plans: Plans) -> Step:
    def params(w: Wildcards) -> dict[str, Any]:
        plan = plans[w["dataset"]]
        return {
            "source": plan.source,
            "repetitions": plan.n_repetitions,
            "ties": plan.settings.rsa.spearman_ties,
            **same_image(plan),
        }

    return Step(
        "rank_rdms",
        paths.RANKED_RDMS,
        inputs=lambda w: {"rdms": VECTOR_FOLDERS["pearson"].format_map(dict(w))},
        params=params,
    )


def _pair_params(plan: RecordedPlan, w: Wildcards) -> dict[str, Any]:
    return {
        "source": plan.source,
        "subject_i": int(w["subject_i"]),
        "subject_j": int(w["subject_j"]),
        "shift": int(w["shift"]),
        "hemispheres": w["hemispheres"],
    }


def _sides(plan: RecordedPlan, w: Wildcards) -> dict[str, Any]:
    i, j = int(w["subject_i"]), int(w["subject_j"])
    return {
        "x": vector_set(plan, w, subject=i, partner=j, role="x"),
        "y": vector_set(plan, w, subject=j, partner=i, role="y"),
    }


def _compare(plans: Plans) -> Step:
    device, limits = device_options(plans.settings)
    return Step(
        "compare_rdms",
        paths.PAIR,
        inputs=lambda w: _sides(plans[w["dataset"]], w),
        params=lambda w: {**_pair_params(plans[w["dataset"]], w), **device},
        limits=limits,
    )


def _compare_partial(plans: Plans) -> Step:
    def inputs(w: Wildcards) -> dict[str, Any]:
        plan = plans[w["dataset"]]
        sides = _sides(plan, {**w, "subset": "controlled", "comparison": "pearson"})
        return {**sides, **plan.control_plan.inputs()}

    def params(w: Wildcards) -> dict[str, Any]:
        plan = plans[w["dataset"]]
        return {
            **_pair_params(plan, w),
            **same_image(plan),
            "repetitions": plan.n_repetitions,
            "control_names": plan.control_plan.names,
            "control_id": plan.id_column,
        }

    return Step(
        "compare_rdms_partial",
        paths.PARTIAL_PAIR,
        inputs=inputs,
        external=lambda w: plans[w["dataset"]].control_plan.external(),
        params=params,
    )


def _compare_group(plans: Plans) -> Step:
    def inputs(w: Wildcards) -> dict[str, Any]:
        plan = plans[w["dataset"]]
        labels = [subject_label(s) for s in plan.subjects]
        return {
            **subject_inputs(w),
            "responses": [
                paths.SHARED_RESPONSES.format(dataset=w["dataset"], subject=s) for s in labels
            ],
            "subset": list(subset_input({**w, "subset": plan.default_subset}).values()),
        }

    def params(w: Wildcards) -> dict[str, Any]:
        plan = plans[w["dataset"]]
        chosen = alignment_params(plan, w)
        del chosen["min_trials"]
        return {
            **chosen,
            **same_image(plan),
            "subjects": plan.subjects,
            "subject": int(w["subject"]),
            "shift": int(w["shift"]),
        }

    limits = {"max_trials": plans.settings.rsa.max_trials}
    return Step("compare_group", paths.GROUP_PART, inputs=inputs, params=params, limits=limits)


def _compare_sessions(plans: Plans) -> Step:
    device, limits = device_options(plans.settings)

    def inputs(w: Wildcards) -> dict[str, Any]:
        labels = [w["subject_i"], w["subject_j"]]
        of_i = subject_inputs({**w, "subject": labels[0]}, paths.RESPONSES)
        responses = [paths.RESPONSES.format(dataset=w["dataset"], subject=s) for s in labels]
        return {**of_i, "responses": responses, **subset_input(w)}

    def params(w: Wildcards) -> dict[str, Any]:
        plan = plans[w["dataset"]]
        return {
            **alignment_params(plan, w),
            **same_image(plan),
            "subject_i": plan.selected(int(w["subject_i"])),
            "subject_j": plan.selected(int(w["subject_j"])),
            "image_set": image_set(w["dataset"], w["subset"]),
            **device,
        }

    return Step(
        "compare_subject_sessions",
        paths.SESSION_PAIR,
        inputs=inputs,
        params=params,
        limits={"memory_mb": plans.settings.resources.memory_mb, **limits},
    )


def image_set(dataset: str, subset: str) -> str:
    """Return the name of a dataset or of a subset of its images, as published tables have it."""
    return dataset if subset == "all" else f"{dataset}-{subset}"


def set_limits(plans: Plans) -> dict[str, int | str]:
    """Return what bounds the RDM vectors of one set of trials."""
    settings = plans.settings
    return {"memory_mb": settings.resources.memory_mb, "max_trials": settings.rsa.max_trials}


def _subsets(plans: Plans) -> list[Step]:
    return [
        Step(
            "select_partition",
            paths.SUBSET.format(dataset="nsd", subset="{partition}"),
            inputs=lambda _: {"objects": paths.OBJECTS_INDEX},
            params=lambda w: {"source": plans.nsd.source, "partition": w["partition"]},
        ),
        Step(
            "select_stimuli",
            paths.SUBSET.replace("{subset}", "{stimulus_set}"),
            inputs=lambda w: {"stimuli": paths.STIMULI.format(dataset=w["dataset"])},
            params=lambda w: {
                "source": plans[w["dataset"]].source,
                "stimulus_set": w["stimulus_set"],
            },
        ),
        Step(
            "select_controlled",
            paths.CONTROLLED,
            inputs=lambda w: plans[w["dataset"]].control_plan.inputs(),
            external=lambda w: plans[w["dataset"]].control_plan.external(),
            params=lambda w: {
                "source": plans[w["dataset"]].source,
                "control_id": plans[w["dataset"]].id_column,
            },
        ),
    ]


def part_of(w: Wildcards, subject_i: int, subject_j: int, n_repetitions: int = 3) -> str:
    """Return the part that holds a pair of a table, its transpose where that is the same thing.

    Shift s of (i, j) is the transpose of shift R - s of (j, i), with R repetitions, and shift 0
    is symmetric (exact, because both sides use the same trials). The smaller shift is computed.
    """
    shift, swapped = mirrored(int(w["shift"]), subject_i, subject_j, n_repetitions)
    if swapped:
        subject_i, subject_j = subject_j, subject_i
    return paths.PAIR.format(
        dataset=w["dataset"],
        subset=w.get("subset", "all"),
        shift=shift,
        hemispheres=w["hemispheres"],
        comparison=w["comparison"],
        subject_i=subject_label(subject_i),
        subject_j=subject_label(subject_j),
    )


def pair_parts(plan: RecordedPlan, row: Derivative, **choices: str) -> list[str]:
    """Return the parts of a table of all ordered pairs, i major."""
    w = {"dataset": row.dataset, **row.parameters, **choices}
    pairs = product(plan.subjects, plan.subjects)
    return [part_of(w, i, j, plan.n_repetitions) for i, j in pairs]


def session_pair_parts(plan: RecordedPlan, row: Derivative) -> list[str]:
    """Return the parts of a table of ordered pairs of different subjects, i major."""
    return [
        paths.SESSION_PAIR.format(
            dataset=row.dataset,
            subject_i=subject_label(i),
            subject_j=subject_label(j),
            **row.parameters,
        )
        for i, j in permutations(plan.subjects, 2)
    ]
