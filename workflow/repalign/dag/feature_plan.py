"""Which models a run of a dataset covers, and where the features of each come from.

Features are extracted by the workflow where the registry says so (column `extract`), or lie in
the folder `<dataset>.features`. Both are one file a model; a model may not have two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from repalign.errors import RepalignError
from repalign.models.modality import modality_of
from repalign.models.registry import Model, read_registry
from repalign.settings import Settings
from repalign.tables import paths

REGISTRY = "config/models.tsv"
SIMULATED_REGISTRY = "resources/simulated/models/models.tsv"
PROMPT = "coco"
"""Captions that language models read for NSD."""
GENERATED_PROMPT = "pixtral"
"""Captions that they read for other datasets, which have none of people."""
UNTRAINED = "-untrained"
"""End of the keys of models with random weights."""
NOT_UNTRAINED = ("bloom", "gemma")
"""Beginnings of the names of families that the published untrained table lacks."""


def models_installed() -> bool:
    """Say whether the optional packages that run models can be imported."""
    return all(find_spec(name) is not None for name in ("torch", "timm", "transformers"))


def vllm_installed() -> bool:
    """Say whether vLLM, which runs vision-language models on a GPU, can be imported."""
    return find_spec("vllm") is not None


def words_installed() -> bool:
    """Say whether the optional package that takes captions apart can be imported."""
    return find_spec("nltk") is not None


def looked_at(keys: Iterable[str]) -> set[str]:
    """Return what models that are extracted look at: `pictures`, `captions`."""
    return {"pictures" if modality_of(key) == "vision" else "captions" for key in keys}


class FeatureSettings(Protocol):
    """What the sections of all datasets say of features."""

    @property
    def raw(self) -> str:
        """Folder of the raw dataset."""

    @property
    def features(self) -> str:
        """Folder of the feature files that a user has."""

    @property
    def skip_features(self) -> list[str]:
        """Patterns of files that are left out."""


@dataclass(frozen=True)
class FeaturePlan:
    """Where the features of models come from.

    Attributes
    ----------
    settings : Settings
        The checked settings.
    is_simulated : bool
        Whether the dataset is simulated.
    root : Path
        The project folder, which relative paths start from.
    dataset : str
        Section of the settings, and name in paths.
    extracts : bool
        Whether models of the registry are shown the pictures of the dataset.
    made : mapping of str to str
        Feature files that steps of the dataset's own make, by model key.
    """

    settings: Settings
    is_simulated: bool
    root: Path = Path()
    dataset: str = "nsd"
    extracts: bool = True
    made: Mapping[str, str] = field(default_factory=dict)

    @property
    def own(self) -> FeatureSettings:
        """Return the section of the dataset."""
        section: FeatureSettings = getattr(self.settings, self.dataset)
        return section

    @property
    def prompt(self) -> str:
        """Return the source of the captions that language models read."""
        return PROMPT if self.dataset == "nsd" else GENERATED_PROMPT

    @property
    def registry_path(self) -> str:
        """Return the registry in use."""
        chosen = self.settings.models.registry
        if chosen != "auto":
            return chosen
        simulated = self.is_simulated and (self.root / SIMULATED_REGISTRY).is_file()
        return SIMULATED_REGISTRY if simulated else REGISTRY

    @cached_property
    def registry(self) -> list[Model]:
        """Return all models of the registry."""
        return read_registry(self.root / self.registry_path)

    @cached_property
    def extracted(self) -> dict[str, Model]:
        """Return the models whose features the workflow extracts, by key."""
        chosen = self.registry if self.extracts else []
        return {model.key(self.prompt): model for model in chosen if model.extract}

    @property
    def place(self) -> Path:
        """Return the features folder."""
        return Path(self.own.raw) / self.own.features

    @cached_property
    def supplied(self) -> dict[str, str]:
        """Return the feature files of the features folder by model key, sorted."""
        place = self.place
        folder = self.root / place
        found = sorted((*folder.glob("*.h5"), *folder.glob("*.pt")))
        kept = [
            path for path in found if not any(path.match(skip) for skip in self.own.skip_features)
        ]
        stems = [path.stem for path in kept]
        elsewhere = {*self.extracted, *self.made}
        twice = {stem for stem in stems if stems.count(stem) > 1} | elsewhere & {*stems}
        if twice:
            raise RepalignError(
                f"two sources of the features of {', '.join(sorted(twice))}",
                where=f"{self.dataset}.features: {place}",
                expected="one .h5 or .pt file for each model, of models that are not extracted",
                remedy=(
                    "Take one of the two files away, name it in "
                    f"{self.dataset}.skip_features, or write `no` in the column `extract` of "
                    f"{self.registry_path}."
                ),
            )
        return {path.stem: str(place / path.name) for path in kept}

    @cached_property
    def keys(self) -> list[str]:
        """Return the keys of all models, sorted."""
        keys = sorted({*self.supplied, *self.extracted, *self.made})
        if not keys:
            raise RepalignError(
                "no model",
                where=f"{self.dataset}.features: {self.place}",
                expected="at least one .h5 or .pt file, or a model that is extracted",
                remedy=(
                    f"Correct {self.dataset}.features, put the features of your models there, or "
                    f"write `yes` in the column `extract` of {self.registry_path}."
                ),
            )
        return keys

    @property
    def is_ready(self) -> bool:
        """Say whether there are features, and what extraction needs is installed."""
        if self.extracted and not models_installed():
            return False
        return bool(self.supplied or self.extracted or self.made)

    def inputs(self, model: str) -> dict[str, Any]:
        """Return the feature file of a model as an input, if the workflow makes it."""
        if self._check(model) in self.supplied:
            return {}
        if model in self.made:
            return {"features": self.made[model]}
        found = paths.FEATURES.format(dataset=self.dataset, weights="trained", model=model)
        return {"features": found}

    def external(self, model: str) -> dict[str, Any]:
        """Return the feature file of a model as an external file, if a user has it."""
        if self._check(model) not in self.supplied:
            return {}
        return {"features": self.supplied[model]}

    def inputs_of(self, models: list[str], option: str) -> dict[str, list[str]]:
        """Return the feature files of several models that the workflow makes, as one input."""
        return {option: [path for m in models for path in self.inputs(m).values()]}

    def external_of(self, models: list[str], option: str) -> dict[str, list[str]]:
        """Return the feature files of several models that a user has, as one external input.

        Its option is `supplied_<option>`. Scripts take both lists together and find the file of
        each model by its name.
        """
        found = [path for m in models for path in self.external(m).values()]
        return {f"supplied_{option}": found}

    @property
    def language_models(self) -> list[str]:
        """Return the language models that read the captions of `prompt`, sorted."""
        return [key for key in self.keys if key.endswith(f"_prompt-{self.prompt}")]

    @property
    def vision_models(self) -> list[str]:
        """Return the vision models, sorted; none that a user supplies untrained."""
        trained = [key for key in self.keys if not key.endswith(UNTRAINED)]
        return [key for key in trained if modality_of(key) == "vision"]

    @property
    def has_both_modalities(self) -> bool:
        """Say whether there are language and vision models to compare."""
        there = bool(self.supplied or self.extracted or self.made)
        return there and bool(self.language_models and self.vision_models)

    @property
    def modalities(self) -> set[str]:
        """Return the modalities of all models; none where there are no models."""
        there = bool(self.supplied or self.extracted or self.made)
        return {modality_of(key) for key in self.keys} if there else set()

    @cached_property
    def untrained(self) -> list[str]:
        """Return the keys of the models that are compared untrained, language models first."""
        chosen = self.settings.untrained.models
        if chosen == "published":
            marked = [model for model in self.registry if model.published] or self.registry
            models = [m for m in marked if not m.family.casefold().startswith(NOT_UNTRAINED)]
        elif chosen == "extracted":
            models = [model for model in self.registry if model.extract]
        else:
            models = [model for model in self.registry if model.model in chosen]
            unknown = sorted(set(chosen) - {model.model for model in models})
            if unknown:
                raise RepalignError(
                    f"model(s) {', '.join(unknown)}",
                    where="untrained.models",
                    expected=f"ids of models in {self.registry_path}",
                    remedy="Correct the ids, or add rows to the registry.",
                )
        ordered = sorted(models, key=lambda model: (model.modality, model.key(self.prompt)))
        return [model.key(self.prompt, untrained=True) for model in ordered]

    @property
    def wants_untrained(self) -> bool:
        """Say whether untrained models are a part of everything, and can be run.

        The published ones are large, and who extracts nothing did not ask for days of computing.
        """
        extracted = {model.key(self.prompt, untrained=True) for model in self.extracted.values()}
        asked = self.settings.untrained.models != "published" or {*self.untrained} <= extracted
        if not self.extracts:
            return False
        return bool(self.untrained) and asked and models_installed()

    def _check(self, model: str) -> str:
        """Refuse a model that there is not."""
        if model not in self.keys:
            raise RepalignError(
                f"model {model!r}",
                where="the files asked for",
                expected=f"one of {', '.join(self.keys)}",
                remedy=(
                    "Correct the target, add the model's feature file to "
                    f"{self.dataset}.features, or its row to {self.registry_path}."
                ),
            )
        return model
