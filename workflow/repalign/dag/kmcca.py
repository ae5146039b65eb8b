"""The steps of kernel multi-view CCA over subjects, and what is derived from it."""

from __future__ import annotations

from repalign.dag.nsd_plan import NsdPlan
from repalign.dag.steps import Step
from repalign.dag.table_maker import TableMaker


def kmcca_steps(plan: NsdPlan, tables: TableMaker) -> list[Step]:  # noqa: ARG001
    """Return the steps of kernel multi-view CCA over subjects."""
    return []
