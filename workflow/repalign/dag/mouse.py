"""The steps of mouse scans: index, statistics, ceilings, assemblies, parts, prepared dataset."""

from __future__ import annotations

from typing import Any

from repalign.dag.mouse_plan import MousePlan
from repalign.dag.steps import Step, Wildcards
from repalign.dag.table_maker import TableMaker
from repalign.tables import paths


def mouse_steps(plan: MousePlan, tables: TableMaker) -> list[Step]:
    """Return the steps from the scans to all that is made of them.

    Parameters
    ----------
    plan : MousePlan
        What the run covers.
    tables : TableMaker
        Makes published tables.
    """
    return [*_of_scans(plan), _ceilings_table(plan, tables), _export(plan), *_prepare(plan)]


def _of_scans(plan: MousePlan) -> list[Step]:
    """Return the steps of one scan each."""
    mouse, settings = plan.mouse, plan.settings

    def raw(w: Wildcards) -> dict[str, Any]:
        return {"scan": plan.place(w["scan"])}

    def index(w: Wildcards) -> dict[str, Any]:
        plan.place(w["scan"])
        return {"index": paths.MOUSE_SCAN.format_map(dict(w))}

    def regions() -> list[str]:
        return [region.name for region in plan.region_set.own]

    return [
        Step(
            "index_mouse_scan",
            paths.MOUSE_SCAN,
            external=raw,
            params=lambda w: {
                "source": plan.source,
                "key": w["scan"],
                "distance": mouse.same_cell.distance,
                "correlation": mouse.same_cell.correlation,
            },
        ),
        Step(
            "recompute_mouse_statistics",
            paths.MOUSE_STATISTICS,
            index,
            external=raw,
            params=lambda _: {"source": plan.source},
        ),
        Step(
            "measure_mouse_ceilings",
            paths.MOUSE_CEILINGS,
            index,
            params=lambda _: {
                "source": plan.source,
                "n_splits": settings.rsa.split_halves,
                "seed": settings.permutation.seed,
            },
        ),
        Step(
            "assemble_mouse_scan",
            paths.MOUSE_ASSEMBLIES,
            lambda w: {**index(w), "ceilings": paths.MOUSE_CEILINGS.format_map(dict(w))},
            params=lambda _: {"source": plan.source, "regions": regions()},
        ),
    ]


def _ceilings_table(plan: MousePlan, tables: TableMaker) -> Step:
    """Return the step of the table of all neurons."""
    return tables.step(
        "join_mouse_ceilings",
        "neuron_ceilings",
        lambda _: {"parts": [paths.MOUSE_CEILINGS.format(scan=key) for key in plan.scans]},
        lambda _: {"keys": plan.scans},
        with_regions=False,
    )


def _export(plan: MousePlan) -> Step:
    """Return the step that writes a part of a scan as a scan."""

    def params(w: Wildcards) -> dict[str, Any]:
        chosen = plan.exported(w["export"])
        return {
            "source": plan.source,
            "name": plan.scan_name(chosen.scan),
            "tiers": list(chosen.tiers),
            "regions": list(chosen.regions),
        }

    return Step(
        "export_mouse_scan",
        paths.MOUSE_EXPORT,
        lambda w: {"index": paths.MOUSE_SCAN.format(scan=plan.exported(w["export"]).scan)},
        external=lambda w: {"scan": plan.place(plan.exported(w["export"]).scan)},
        params=params,
    )


def _prepare(plan: MousePlan) -> list[Step]:
    """Return the steps of the prepared dataset."""
    trials = paths.TRIALS.format(dataset="mouse")
    mouse = plan.mouse

    def indexes(_: Wildcards) -> dict[str, Any]:
        return {"indexes": [paths.MOUSE_SCAN.format(scan=key) for key in plan.keys.values()]}

    def of_subject(w: Wildcards) -> dict[str, Any]:
        key = plan.keys[plan.selected(int(w["subject"]))]
        filtered = [] if mouse.min_fev is None else [paths.MOUSE_CEILINGS.format(scan=key)]
        return {"index": paths.MOUSE_SCAN.format(scan=key), "trials": trials, "ceilings": filtered}

    def params(w: Wildcards) -> dict[str, Any]:
        return {
            "source": plan.source,
            "subject": int(w["subject"]),
            "rois": list(plan.region_set.rois),
            "regions": [region.name for region in plan.region_set.own],
            "scale": mouse.scale,
            "min_fev": [] if mouse.min_fev is None else [mouse.min_fev],
        }

    return [
        Step(
            "prepare_mouse_trials",
            trials,
            indexes,
            params=lambda _: {
                "source": plan.source,
                "subjects": plan.subjects,
                "repetitions": plan.n_repetitions,
            },
            extra_outputs={"stimuli": paths.STIMULI.format(dataset="mouse")},
        ),
        Step(
            "extract_mouse_responses",
            paths.RESPONSES.replace("{dataset}", "mouse"),
            of_subject,
            params=params,
        ),
    ]
