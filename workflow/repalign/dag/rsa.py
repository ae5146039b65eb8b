"""The steps of inter-subject alignment, from prepared responses to published tables."""

from __future__ import annotations

from itertools import product
from typing import Any

from repalign.dag.catalogue import Derivative
from repalign.dag.nsd_plan import N_REPETITIONS, NsdPlan
from repalign.dag.steps import Step, Wildcards
from repalign.tables import paths
from repalign.tables.paths import subject_label

MEASURES = {"rdms": "rdm", "grams": "gram"}
"""Folders of vectors, and what they hold."""

VECTOR_FOLDERS = {
    "pearson": paths.VECTORS.replace("{vectors}", "rdms"),
    "spearman": paths.RANKED_RDMS,
    "cka": paths.VECTORS.replace("{vectors}", "grams"),
}
"""Where the vectors of each comparison lie."""

PARTITIONS = ("animate", "inanimate")


def alignment_params(plan: NsdPlan, w: Wildcards) -> dict[str, Any]:
    """Return what every computation of RDM vectors depends on."""
    rsa = plan.settings.rsa
    return {
        "source": plan.source,
        "repetitions": N_REPETITIONS,
        "hemispheres": w["hemispheres"],
        "clip_quantile": rsa.clip_quantile,
        "min_trials": rsa.min_trials,
    }


def same_image(plan: NsdPlan) -> dict[str, int]:
    """Return the switch of pairs of trials that show one image."""
    return {"drop_same_image_pairs": int(plan.settings.rsa.drop_same_image_pairs)}


def device_options(plan: NsdPlan) -> tuple[dict[str, str], dict[str, str]]:
    """Return the device as a parameter and as a limit, one of them empty.

    A GPU changes the last digits, so results say that they come from one. Those of the CPU say
    nothing, as before there was a choice.
    """
    chosen: dict[str, str] = {"device": plan.settings.resources.device}
    return ({}, chosen) if chosen["device"] == "cpu" else (chosen, {})


def subject_inputs(w: Wildcards, responses: str = paths.SHARED_RESPONSES) -> dict[str, Any]:
    """Return the prepared files of one subject, by default with shared trials alone."""
    return {
        "responses": responses.format(dataset=w["dataset"], subject=w["subject"]),
        "trials": paths.TRIALS.format(dataset=w["dataset"]),
        "regions": paths.REGIONS.format(dataset=w["dataset"]),
    }


def rsa_steps(plan: NsdPlan) -> list[Step]:
    """Return the steps up to the comparison of two subjects, in the order of the data."""
    compare = [_compare(plan), _compare_partial(plan), _compare_group(plan)]
    return [_select(plan), *_subsets(plan), _compute(plan), _rank(plan), *compare]


def representative(plan: NsdPlan, subject: int, partner: int, shift: int) -> int:
    """Return the partner whose trial set with `subject` is computed for all partners like it.

    With a common trial order the trials that match depend on the partner's number of sessions
    alone. Without a shift, sessions that `subject` does not have change nothing either.

    Parameters
    ----------
    plan : NsdPlan
        What the run covers.
    subject, partner : int
        Subject numbers.
    shift : int
        Shift of the repetitions.

    Returns
    -------
    int
        The first subject that stands for `partner`, or `partner` itself if sets are not shared.
    """
    if plan.settings.rsa.trial_sets == "per_pair":
        return partner

    def overlap(other: int) -> int:
        count = plan.sessions[other]
        return min(count, plan.sessions[subject]) if shift == 0 else count

    return next(other for other in plan.subjects if overlap(other) == overlap(partner))


def vector_set(plan: NsdPlan, w: Wildcards, *, subject: int, partner: int, role: str) -> str:
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


def _select(plan: NsdPlan) -> Step:
    return Step(
        "select_shared_responses",
        paths.SHARED_RESPONSES,
        inputs=lambda w: subject_inputs(w, paths.RESPONSES),
        params=lambda w: {"source": plan.source, "subject": int(w["subject"])},
    )


def _compute(plan: NsdPlan) -> Step:
    def inputs(w: Wildcards) -> dict[str, Any]:
        found = subject_inputs(w)
        if w["subset"] != "all":
            found["subset"] = paths.SUBSET.format(dataset=w["dataset"], subset=w["subset"])
        return found

    def params(w: Wildcards) -> dict[str, Any]:
        return {
            **alignment_params(plan, w),
            **same_image(plan),
            "measure": MEASURES[w["vectors"]],
            "subject": int(w["subject"]),
            "partner": int(w["partner"]),
            "role": w["role"],
            "shift": int(w["shift"]),
        }

    limits = {"memory_mb": plan.settings.resources.memory_mb}
    return Step("compute_rdms", paths.VECTORS, inputs=inputs, params=params, limits=limits)


def _rank(plan: NsdPlan) -> Step:
    return Step(
        "rank_rdms",
        paths.RANKED_RDMS,
        inputs=lambda w: {"rdms": VECTOR_FOLDERS["pearson"].format_map(dict(w))},
        params=lambda _: {
            "source": plan.source,
            "repetitions": N_REPETITIONS,
            "ties": plan.settings.rsa.spearman_ties,
            **same_image(plan),
        },
    )


def _pair_params(plan: NsdPlan, w: Wildcards) -> dict[str, Any]:
    return {
        "source": plan.source,
        "subject_i": int(w["subject_i"]),
        "subject_j": int(w["subject_j"]),
        "shift": int(w["shift"]),
        "hemispheres": w["hemispheres"],
    }


def _sides(plan: NsdPlan, w: Wildcards) -> dict[str, Any]:
    i, j = int(w["subject_i"]), int(w["subject_j"])
    return {
        "x": vector_set(plan, w, subject=i, partner=j, role="x"),
        "y": vector_set(plan, w, subject=j, partner=i, role="y"),
    }


def _compare(plan: NsdPlan) -> Step:
    device, limits = device_options(plan)
    return Step(
        "compare_rdms",
        paths.PAIR,
        inputs=lambda w: _sides(plan, w),
        params=lambda w: {**_pair_params(plan, w), **device},
        limits=limits,
    )


def _compare_partial(plan: NsdPlan) -> Step:
    def inputs(w: Wildcards) -> dict[str, Any]:
        return _sides(plan, {**w, "subset": "controlled", "comparison": "pearson"})

    return Step(
        "compare_rdms_partial",
        paths.PARTIAL_PAIR,
        inputs=inputs,
        external=lambda _: {"controls": plan.controls},
        params=lambda w: {
            **_pair_params(plan, w),
            **same_image(plan),
            "repetitions": N_REPETITIONS,
            "control_names": plan.control_names,
        },
    )


def _compare_group(plan: NsdPlan) -> Step:
    def inputs(w: Wildcards) -> dict[str, Any]:
        labels = [subject_label(s) for s in plan.subjects]
        return {
            **subject_inputs(w),
            "responses": [
                paths.SHARED_RESPONSES.format(dataset=w["dataset"], subject=s) for s in labels
            ],
        }

    def params(w: Wildcards) -> dict[str, Any]:
        chosen = alignment_params(plan, w)
        del chosen["min_trials"]
        return {
            **chosen,
            **same_image(plan),
            "subjects": plan.subjects,
            "subject": int(w["subject"]),
            "shift": int(w["shift"]),
        }

    return Step("compare_group", paths.GROUP_PART, inputs=inputs, params=params)


def _subsets(plan: NsdPlan) -> list[Step]:
    return [
        Step(
            "select_partition",
            paths.SUBSET.replace("{subset}", "{partition}"),
            inputs=lambda _: {"objects": paths.OBJECTS_INDEX},
            params=lambda w: {"source": plan.source, "partition": w["partition"]},
        ),
        Step(
            "select_controlled",
            paths.CONTROLLED,
            external=lambda _: {"controls": plan.controls},
            params=lambda _: {"source": plan.source},
        ),
    ]


def part_of(w: Wildcards, subject_i: int, subject_j: int) -> str:
    """Return the part that holds a pair of a table, its transpose where that is the same thing.

    Shift 2 of (i, j) is the transpose of shift 1 of (j, i), and shift 0 is symmetric
    (three repetitions; exact, because both sides use the same trials).
    """
    shift = int(w["shift"])
    if shift == 2 or (shift == 0 and subject_i > subject_j):
        subject_i, subject_j = subject_j, subject_i
    return paths.PAIR.format(
        dataset=w["dataset"],
        subset=w.get("subset", "all"),
        shift=1 if shift == 2 else shift,
        hemispheres=w["hemispheres"],
        comparison=w["comparison"],
        subject_i=subject_label(subject_i),
        subject_j=subject_label(subject_j),
    )


def pair_parts(plan: NsdPlan, row: Derivative, **choices: str) -> list[str]:
    """Return the parts of a table of all ordered pairs, i major."""
    w = {"dataset": row.dataset, **row.parameters, **choices}
    return [part_of(w, i, j) for i, j in product(plan.subjects, plan.subjects)]
