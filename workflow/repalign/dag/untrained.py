"""The steps of the comparison of subjects with untrained models."""

from __future__ import annotations

from repalign.dag.nsd_plan import NsdPlan
from repalign.dag.steps import Step
from repalign.dag.table_maker import TableMaker


def untrained_steps(plan: NsdPlan, tables: TableMaker) -> list[Step]:  # noqa: ARG001
    """Return the steps of the comparison of subjects with untrained models."""
    return []
