"""The steps that end the preparation of every dataset alike: regions, responses, quality."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from repalign.dag.recorded import AREA_GROUPS, AREAS, RecordedPlan
from repalign.dag.steps import Step, Wildcards
from repalign.tables import paths
from repalign.tables.paths import subject_label


def prepared_steps(plans: Sequence[RecordedPlan]) -> list[Step]:
    """Return the steps that are the same in every dataset.

    Parameters
    ----------
    plans : sequence of RecordedPlan
        What the run covers of each dataset.

    Returns
    -------
    list of Step
        The table of areas, and regions, quality and joined sessions of any dataset.
    """
    by_name = {plan.name: plan for plan in plans}

    def plan_of(wildcards: Wildcards) -> RecordedPlan:
        return by_name[wildcards["dataset"]]

    def quality_inputs(wildcards: Wildcards) -> dict[str, Any]:
        plan = plan_of(wildcards)
        labels = [subject_label(subject) for subject in plan.subjects]
        return {
            "responses": [paths.RESPONSES.format(dataset=plan.name, subject=s) for s in labels],
            "regions": paths.REGIONS.format(dataset=plan.name),
        }

    def sessions(wildcards: Wildcards) -> dict[str, Any]:
        plan, label = by_name[wildcards["scanned"]], wildcards["subject"]
        numbers = range(1, plan.sessions[plan.selected(int(label))] + 1)
        return {
            "sessions": [
                paths.SESSION.format(dataset=plan.name, subject=label, session=f"{k:02d}")
                for k in numbers
            ],
            "atlas": paths.ATLAS.format(dataset=plan.name, subject=label),
        }

    return [
        Step(
            "build_hcp_table",
            paths.HCP_TABLE,
            external=lambda _: {"areas": AREAS, "groups": AREA_GROUPS},
        ),
        Step(
            "build_regions",
            paths.REGIONS,
            lambda w: {"hcp_table": [] if plan_of(w).region_set.own else [paths.AREA_TABLE]},
            params=lambda w: {"source": plan_of(w).source, **plan_of(w).region_set.params()},
        ),
        Step(
            "gather_responses",
            paths.RESPONSES.replace("{dataset}", "{scanned}"),
            sessions,
            params=lambda w: {"source": by_name[w["scanned"]].source},
        ),
        Step(
            "summarise_quality",
            paths.QUALITY,
            quality_inputs,
            params=lambda w: {"source": plan_of(w).source, "subjects": plan_of(w).subjects},
        ),
    ]
