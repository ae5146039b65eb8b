"""The steps of feature extraction, one job a model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from repalign.dag.device import device_options
from repalign.dag.feature_plan import PROMPT
from repalign.dag.mouse_plan import MousePlan
from repalign.dag.plans import Plans
from repalign.dag.steps import Step, Wildcards
from repalign.errors import RepalignError
from repalign.models.registry import Model
from repalign.tables import paths

CAPTION_SOURCES = ("coco", "pixtral")
"""Captions that language models can read."""
TRAINED = "trained"
UNTRAINED = "-untrained"
_WEIGHTS = re.compile(r"\.(safetensors|bin|pth?|ckpt|h5|msgpack|onnx|gguf)(\.index\.json)?$")
"""Endings of files that random weights do not depend on."""


def model_keys(registry: Sequence[Model], modality: str) -> list[str]:
    """Return the keys of all models of a modality, trained and untrained.

    Parameters
    ----------
    registry : sequence of Model
        The models.
    modality : {"vision", "language"}
        Which of them.
    """
    return list(_models(registry, modality))


def extraction_steps(plans: Plans) -> list[Step]:
    """Return the steps of feature extraction."""
    extraction = _Extraction(plans)
    return [extraction.vision(), extraction.language()]


class _Extraction:
    """Builds the steps, whose wildcards are dataset, weights and model key."""

    def __init__(self, plans: Plans) -> None:
        self.plans = plans
        self._models: dict[str, dict[str, tuple[Model, str]]] = {}
        self.settings = plans.settings.models
        self.device, limits = device_options(plans.settings)
        self.limits: dict[str, int | str] = {
            "batch_size": self.settings.batch_size,
            # Not the threads that Snakemake grants: those depend on --cores, and digits on them.
            "model_threads": plans.settings.resources.threads,
            **limits,
        }

    def models(self, dataset: str) -> dict[str, tuple[Model, str]]:
        """Return models and caption sources by key."""
        if dataset not in self._models:
            registry = self.plans[dataset].feature_plan.registry
            found = _models(registry, "vision") | _models(registry, "language")
            self._models[dataset] = found
        return self._models[dataset]

    def pictures(self, dataset: str) -> dict[str, Any]:
        """Return the file or folder of a dataset's pictures; of mice, their scans."""
        plan = self.plans[dataset]
        if isinstance(plan, MousePlan):
            return {"pictures": [plan.place(key) for key in plan.keys.values()]}
        return {"pictures": plan.raw(self.below(dataset))}

    def channels(self, dataset: str) -> dict[str, list[str]]:
        """Return how pictures of mice become three channels, and the scan that each file is."""
        plan = self.plans[dataset]
        if isinstance(plan, MousePlan):
            return {"channels": [plan.mouse.channels], "scans": list(plan.keys.values())}
        return {"channels": [], "scans": []}

    def below(self, dataset: str) -> str:
        """Return where the pictures lie in the raw data."""
        section = getattr(self.plans.settings, dataset)
        place: str = section.files.images
        return place

    def vision(self) -> Step:
        """Return the step of vision models."""
        return Step(
            "extract_vision_features",
            paths.FEATURES.replace("{model}", "{vision_model}"),
            inputs=lambda w: self._inputs(w),
            external=lambda w: {**self._external(w), **self.pictures(w["dataset"])},
            params=lambda w: {
                **self._params(w),
                "images": self.settings.images,
                # NSD has one file of pictures.
                "below": [] if w["dataset"] in ("nsd", "mouse") else [self.below(w["dataset"])],
                **self.channels(w["dataset"]),
            },
            limits=self.limits,
        )

    def language(self) -> Step:
        """Return the step of language models."""

        def inputs(w: Wildcards) -> dict[str, Any]:
            _, source = self._chosen(w)
            captions = paths.CAPTIONS.format(dataset=w["dataset"], source=source)
            return {**self._inputs(w), "captions": captions}

        def params(w: Wildcards) -> dict[str, Any]:
            model, source = self._chosen(w)
            return {
                **self._params(w),
                "captions_source": source,
                "kind": model.kind,
                "precision": self.settings.precision,
            }

        share = self.plans.settings.captions.max_empty_share
        return Step(
            "extract_language_features",
            paths.FEATURES.replace("{model}", "{language_model}"),
            inputs=inputs,
            external=self._external,
            params=params,
            limits={**self.limits, "max_empty_share": str(share)},
        )

    def _inputs(self, w: Wildcards) -> dict[str, Any]:
        self._chosen(w)
        return {"stimuli": paths.STIMULI.format(dataset=w["dataset"])}

    def _external(self, w: Wildcards) -> dict[str, Any]:
        """Return the files of a model in a folder; of random weights, what describes it."""
        model, _ = self._chosen(w)
        # Architectures with random weights may be described in a folder, too.
        is_there = bool(model.path) and (self.plans.root / model.path).is_dir()
        if model.source != "local-dir" and not (model.source == "random" and is_there):
            return {"weight_files": []}
        folder = self.plans.root / model.path
        found = sorted(path for path in folder.rglob("*") if path.is_file())
        if not found:
            raise RepalignError(
                "no such folder, or an empty one",
                where=f"{self._registry(w)}, model {model.model}: {model.path}",
                expected="a model as `save_pretrained` or timm's `save_for_hf` write it",
                remedy="Correct the column `path`, which starts from the project folder.",
            )
        kept = found if w["weights"] == TRAINED else [p for p in found if not _is_weights(p)]
        return {"weight_files": [str(Path(model.path) / p.relative_to(folder)) for p in kept]}

    def _params(self, w: Wildcards) -> dict[str, Any]:
        """Return what decides the numbers, beside stimuli and files."""
        model, _ = self._chosen(w)
        is_trained = w["weights"] == TRAINED
        is_local = bool(self._external(w)["weight_files"])
        return {
            "source": self.plans[w["dataset"]].source,
            "dataset": w["dataset"],
            "model": _key(w),
            "model_id": model.model,
            "weights": w["weights"],
            "weights_source": model.source if is_trained else "random",
            "hub_id": "" if is_local else model.path,
            "revision": model.revision,
            "sha256": model.sha256 if is_trained else "",
            "pool": model.pool,
            "store": self.settings.store,
            **self.device,
        }

    def _chosen(self, w: Wildcards) -> tuple[Model, str]:
        """Return the model of a job, refusing weights that contradict its key."""
        key, weights = _key(w), w["weights"]
        model, source = self._known(w["dataset"], key)
        target = f"features/{weights}/{key}.h5"
        if (weights == TRAINED) == key.endswith(UNTRAINED):
            raise RepalignError(
                f"{weights} weights of {key}",
                where=target,
                expected=f"trained/<model>.h5, or random-seed-<number>/<model>{UNTRAINED}.h5",
                remedy="Correct the target.",
            )
        if weights == TRAINED and model.source == "random":
            raise RepalignError(
                f"no trained weights of {model.model}",
                where=f"{self._registry(w)}, column source: random",
                expected="source hub or local-dir, for trained features",
                remedy=f"Correct the registry, or ask for random-seed-<number>/{key}{UNTRAINED}.",
            )
        return model, source

    def _known(self, dataset: str, key: str) -> tuple[Model, str]:
        """Look up a key among the models of a dataset."""
        plan = self.plans[dataset].feature_plan
        found = self.models(dataset).get(key)
        if found is None or (found[1] == PROMPT and plan.prompt != PROMPT):
            raise RepalignError(
                f"no model {key} of {dataset}",
                where=f"results/{dataset}/features",
                expected=f"a key of {plan.registry_path}; language models read the captions "
                f"`{plan.prompt}`",
                remedy="Correct the target, or the registry.",
            )
        return found

    def _registry(self, w: Wildcards) -> str:
        return self.plans[w["dataset"]].feature_plan.registry_path


def _models(registry: Sequence[Model], modality: str) -> dict[str, tuple[Model, str]]:
    """Return the models of a modality by key, with the captions that each reads."""
    sources = CAPTION_SOURCES if modality == "language" else ("",)
    return {
        model.key(source, untrained=untrained): (model, source)
        for model in registry
        if model.modality == modality
        for source in sources
        for untrained in (False, True)
    }


def _key(w: Wildcards) -> str:
    """Return the model key of a job."""
    # Snakemake's own wildcards are a list with names, which `in` does not ask for.
    names = dict(w)
    return names.get("vision_model") or names["language_model"]


def _is_weights(path: Path) -> bool:
    return _WEIGHTS.search(path.name) is not None
