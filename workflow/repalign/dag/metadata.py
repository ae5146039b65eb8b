"""The steps of facts of the models, worked out from their architectures."""

from __future__ import annotations

from repalign.dag.nsd_plan import NsdPlan
from repalign.dag.steps import Step


def metadata_steps(plan: NsdPlan) -> list[Step]:  # noqa: ARG001
    """Return the steps of facts of the models."""
    return []
