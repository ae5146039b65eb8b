"""The steps of captions and short answers about images, of every dataset."""

from __future__ import annotations

from repalign.dag.nsd_plan import NsdPlan
from repalign.dag.steps import Step


def caption_steps(plan: NsdPlan) -> list[Step]:  # noqa: ARG001
    """Return the steps of captions and short answers about images."""
    return []
