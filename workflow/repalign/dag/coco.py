"""The steps of what COCO says of the images: captions, objects, persons; objects of a detector."""

from __future__ import annotations

from repalign.dag.nsd_plan import NsdPlan
from repalign.dag.steps import Step
from repalign.dag.table_maker import TableMaker


def coco_steps(plan: NsdPlan, tables: TableMaker) -> list[Step]:  # noqa: ARG001
    """Return the steps of what COCO says of the images: captions."""
    return []
