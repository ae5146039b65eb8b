"""The steps of inter-subject RSA, from prepared responses to published tables and figures."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from repalign.dag.catalogue import Derivative
from repalign.dag.nsd_plan import N_REPETITIONS, NsdPlan
from repalign.dag.steps import Step, Wildcards
from repalign.tables import paths
from repalign.tables.paths import subject_label

RDM_FOLDERS = {"pearson": paths.RDMS, "spearman": paths.RANKED_RDMS}
"""Where the RDM vectors of each comparison lie."""


def rsa_steps(plan: NsdPlan, tables: Sequence[Derivative]) -> list[Step]:
    """Return the steps for one dataset and its inter-subject RSA tables.

    Parameters
    ----------
    plan : NsdPlan
        What the run covers.
    tables : sequence of Derivative
        The rows of the catalogue with the analysis `rsa_subject_subject`.

    Returns
    -------
    list of Step
        In the order in which data flows.
    """
    return [_select(plan), _compute(plan), _rank(plan), _compare(plan), *_tables(plan, tables)]


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


def rdm_set(plan: NsdPlan, w: Wildcards, *, subject: int, partner: int, role: str) -> str:
    """Return the folder of RDM vectors that one side of a comparison reads."""
    shift = int(w["shift"])
    return RDM_FOLDERS[w["comparison"]].format(
        dataset=w["dataset"],
        shift=shift,
        hemispheres=w["hemispheres"],
        subject=subject_label(subject),
        # Without a shift the two sides of a pair use the same trials in the same order.
        role=role if shift else "x",
        partner=subject_label(representative(plan, subject, partner, shift)),
    )


def _select(plan: NsdPlan) -> Step:
    def inputs(w: Wildcards) -> dict[str, Any]:
        return {
            "responses": paths.RESPONSES.format(dataset=w["dataset"], subject=w["subject"]),
            "trials": paths.TRIALS.format(dataset=w["dataset"]),
            "regions": paths.REGIONS.format(dataset=w["dataset"]),
        }

    return Step(
        "select_shared_responses",
        paths.SHARED_RESPONSES,
        inputs=inputs,
        params=lambda w: {"source": plan.source, "subject": int(w["subject"])},
    )


def _compute(plan: NsdPlan) -> Step:
    rsa = plan.settings.rsa

    def inputs(w: Wildcards) -> dict[str, Any]:
        return {
            "responses": paths.SHARED_RESPONSES.format(dataset=w["dataset"], subject=w["subject"]),
            "trials": paths.TRIALS.format(dataset=w["dataset"]),
            "regions": paths.REGIONS.format(dataset=w["dataset"]),
        }

    def params(w: Wildcards) -> dict[str, Any]:
        return {
            "source": plan.source,
            "subject": int(w["subject"]),
            "partner": int(w["partner"]),
            "role": w["role"],
            "shift": int(w["shift"]),
            "repetitions": N_REPETITIONS,
            "hemispheres": w["hemispheres"],
            "clip_quantile": rsa.clip_quantile,
            "min_trials": rsa.min_trials,
        }

    limits = {"memory_mb": plan.settings.resources.memory_mb}
    return Step("compute_rdms", paths.RDMS, inputs=inputs, params=params, limits=limits)


def _rank(plan: NsdPlan) -> Step:
    return Step(
        "rank_rdms",
        paths.RANKED_RDMS,
        inputs=lambda w: {"rdms": paths.RDMS.format_map(dict(w))},
        params=lambda _: {"source": plan.source, "ties": plan.settings.rsa.spearman_ties},
    )


def _compare(plan: NsdPlan) -> Step:
    def inputs(w: Wildcards) -> dict[str, Any]:
        i, j = int(w["subject_i"]), int(w["subject_j"])
        return {
            "x": rdm_set(plan, w, subject=i, partner=j, role="x"),
            "y": rdm_set(plan, w, subject=j, partner=i, role="y"),
        }

    def params(w: Wildcards) -> dict[str, Any]:
        return {
            "source": plan.source,
            "subject_i": int(w["subject_i"]),
            "subject_j": int(w["subject_j"]),
            "shift": int(w["shift"]),
            "hemispheres": w["hemispheres"],
        }

    return Step("compare_rdms", paths.PAIR, inputs=inputs, params=params)


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
        shift=1 if shift == 2 else shift,
        hemispheres=w["hemispheres"],
        comparison=w["comparison"],
        subject_i=subject_label(subject_i),
        subject_j=subject_label(subject_j),
    )


def _tables(plan: NsdPlan, tables: Sequence[Derivative]) -> list[Step]:
    by_name = {table.name: table for table in tables}

    def choices(w: Wildcards) -> dict[str, str]:
        return {"dataset": w["dataset"], **by_name[w["rsa_table"]].parameters}

    def inputs(w: Wildcards) -> dict[str, Any]:
        pairs = product(plan.subjects, plan.subjects)
        return {
            "parts": [part_of(choices(w), i, j) for i, j in pairs],
            "regions": paths.REGIONS.format(dataset=w["dataset"]),
            "quality": paths.QUALITY.format(dataset=w["dataset"]),
        }

    def params(w: Wildcards) -> dict[str, Any]:
        chosen = choices(w)
        return {
            "source": plan.source,
            "subjects": plan.subjects,
            "shift": int(chosen["shift"]),
            "hemispheres": chosen["hemispheres"],
            "comparison": chosen["comparison"],
        }

    def figure(name: str, output: str) -> Step:
        return Step(
            name,
            output,
            inputs=lambda w: {
                "table": paths.TABLE.format_map(dict(w)),
                "regions": paths.REGIONS.format(dataset=w["dataset"]),
            },
            params=params,
        )

    return [
        Step("join_rsa_subject_subject", paths.TABLE, inputs=inputs, params=params),
        figure("plot_rsa_heatmap", paths.HEATMAP),
        figure("plot_rsa_ranking", paths.RANKING),
    ]
