"""The steps of the comparison of language with vision models, sharded by batches of images.

Not by model: the vectors of a model's layers are most of the work, and a shard of batches makes
them once for all partners and reads each feature file once. The bytes of the table do not depend
on the sharding.
"""

from __future__ import annotations

from typing import Any

from repalign.dag.catalogue import Derivative
from repalign.dag.nsd_plan import NsdPlan
from repalign.dag.steps import Step, Wildcards
from repalign.dag.table_maker import TableMaker
from repalign.errors import RepalignError
from repalign.tables import paths

MOST_PARTS = 16


def model_model_steps(plan: NsdPlan, tables: TableMaker) -> list[Step]:
    """Return the steps of the comparison of language with vision models.

    Parameters
    ----------
    plan : NsdPlan
        What the run covers.
    tables : TableMaker
        Of the catalogue.

    Returns
    -------
    list of Step
        The comparison of all models on some batches, and the table.
    """
    return [_compare(plan), _join(plan, tables)]


def n_parts(plan: NsdPlan) -> int:
    """Return the number of parts; part k holds the batches k, k + n_parts, ...

    The number of images decides only whether there are fewer parts: any number of parts serves
    any number of batches, and one too many is empty.
    """
    simulated = plan.source == "simulated"
    n_images = plan.settings.simulate.nsd.n_images if simulated else plan.n_images
    return min(MOST_PARTS, -(-n_images // plan.settings.model_model.batch_size))


def _modalities(plan: NsdPlan) -> dict[str, list[str]]:
    """Return the language and the vision models, both of which there must be."""
    models = plan.feature_plan
    found = {"language": models.language_models, "vision": models.vision_models}
    for modality, keys in found.items():
        if not keys:
            raise RepalignError(
                f"no {modality} model among {', '.join(models.keys)}",
                where=f"nsd.features: {plan.nsd.features}, and {models.registry_path}",
                expected="language models that read COCO captions (names end with _prompt-coco) "
                "and vision models (names begin with vit_ or end with -cls)",
                remedy=f"Add the features of a {modality} model, or write `yes` in the column "
                "`extract` of one.",
            )
    return found


def _choices(plan: NsdPlan) -> dict[str, Any]:
    """Return what parts and table have in common."""
    models, chosen = _modalities(plan), plan.settings.model_model
    return {
        "language_models": models["language"],
        "vision_models": models["vision"],
        "batch_size": chosen.batch_size,
        "metrics": list(chosen.metrics),
        "include_flattened": int(chosen.include_flattened),
    }


def _compare(plan: NsdPlan) -> Step:
    chosen = plan.settings.model_model

    def inputs(w: Wildcards) -> dict[str, Any]:
        models, find = _modalities(plan), plan.feature_plan.inputs_of
        return {
            "stimuli": paths.STIMULI.format(dataset=w["dataset"]),
            **find(models["language"], "language_features"),
            **find(models["vision"], "vision_features"),
        }

    def supplied(_: Wildcards) -> dict[str, Any]:
        models, find = _modalities(plan), plan.feature_plan.external_of
        return {
            **find(models["language"], "language_features"),
            **find(models["vision"], "vision_features"),
        }

    def params(w: Wildcards) -> dict[str, Any]:
        return {
            "source": plan.source,
            "dataset": w["dataset"],
            **_choices(plan),
            "part": int(w["block"]),
            "n_parts": n_parts(plan),
            "topk": chosen.topk,
            "outlier_quantile": chosen.outlier_quantile,
            "outlier_scope": chosen.outlier_scope,
            "assume_row_order": int(plan.nsd.assume_row_order),
        }

    return Step(
        "compare_models",
        paths.MODEL_MODEL_PART,
        inputs=inputs,
        external=supplied,
        params=params,
        limits={"memory_mb": plan.settings.resources.memory_mb},
    )


def _join(plan: NsdPlan, tables: TableMaker) -> Step:
    def inputs(row: Derivative) -> dict[str, Any]:
        return {
            "stimuli": paths.STIMULI.format(dataset=row.dataset),
            "parts": [
                paths.MODEL_MODEL_PART.format(dataset=row.dataset, block=f"{k:02d}")
                for k in range(n_parts(plan))
            ],
        }

    return tables.step(
        "join_model_model", "model_model", inputs, lambda _: _choices(plan), with_regions=False
    )
