"""The steps of facts of the published models: what they are, and how large."""

from __future__ import annotations

from repalign.dag.feature_plan import PROMPT, REGISTRY
from repalign.dag.nsd_plan import NsdPlan
from repalign.dag.steps import Step
from repalign.tables import paths

LANGUAGE_ARCHITECTURES = "resources/language_architectures.tsv"


def metadata_steps(plan: NsdPlan) -> list[Step]:  # noqa: ARG001
    """Return the steps of facts of the models.

    They are those of the published models, whatever registry a run extracts features by.
    """
    return [
        Step(
            "build_models_info",
            paths.MODELS_INFO,
            external=lambda _: {"registry": REGISTRY},
            params=lambda _: {"prompt": PROMPT},
        ),
        Step(
            "measure_model_sizes",
            paths.MODEL_SIZES,
            external=lambda _: {"registry": REGISTRY, "architectures": LANGUAGE_ARCHITECTURES},
            params=lambda _: {"prompt": PROMPT},
        ),
    ]
