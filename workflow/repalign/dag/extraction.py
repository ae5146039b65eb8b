"""The steps of feature extraction, one job a model."""

from __future__ import annotations

from repalign.dag.nsd_plan import NsdPlan
from repalign.dag.steps import Step


def extraction_steps(plan: NsdPlan) -> list[Step]:  # noqa: ARG001
    """Return the steps of feature extraction."""
    return []
