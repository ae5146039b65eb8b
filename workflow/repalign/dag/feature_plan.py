"""Which models a run of NSD covers, and where the features of each come from.

Features are extracted by the workflow where the registry says so (column `extract`), or lie in
the folder `nsd.features`. Both are one file a model; a model may not have two.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from repalign.errors import RepalignError
from repalign.models.registry import Model, read_registry
from repalign.settings import Settings
from repalign.tables import paths

REGISTRY = "config/models.tsv"
SIMULATED_REGISTRY = "resources/simulated/models/models.tsv"
PROMPT = "coco"
"""Captions that language models read for NSD."""


def models_installed() -> bool:
    """Say whether the optional packages that run models can be imported."""
    return all(find_spec(name) is not None for name in ("torch", "timm", "transformers"))


def vllm_installed() -> bool:
    """Say whether vLLM, which runs vision-language models on a GPU, can be imported."""
    return find_spec("vllm") is not None


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
    """

    settings: Settings
    is_simulated: bool
    root: Path = Path()

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
        return {model.key(PROMPT): model for model in self.registry if model.extract}

    @cached_property
    def supplied(self) -> dict[str, str]:
        """Return the feature files of the features folder by model key, sorted."""
        nsd = self.settings.nsd
        place = Path(nsd.raw) / nsd.features
        folder = self.root / place
        found = sorted((*folder.glob("*.h5"), *folder.glob("*.pt")))
        kept = [path for path in found if not any(path.match(skip) for skip in nsd.skip_features)]
        stems = [path.stem for path in kept]
        twice = {stem for stem in stems if stems.count(stem) > 1} | set(stems) & set(
            self.extracted
        )
        if twice:
            raise RepalignError(
                f"two sources of the features of {', '.join(sorted(twice))}",
                where=f"nsd.features: {place}",
                expected="one .h5 or .pt file for each model, of models that are not extracted",
                remedy=(
                    "Take one of the two files away, name it in nsd.skip_features, or write `no` "
                    f"in the column `extract` of {self.registry_path}."
                ),
            )
        return {path.stem: str(place / path.name) for path in kept}

    @cached_property
    def keys(self) -> list[str]:
        """Return the keys of all models, sorted."""
        keys = sorted({*self.supplied, *self.extracted})
        if not keys:
            nsd = self.settings.nsd
            raise RepalignError(
                "no model",
                where=f"nsd.features: {Path(nsd.raw) / nsd.features}",
                expected="at least one .h5 or .pt file, or a model that is extracted",
                remedy=(
                    "Correct nsd.features, put the features of your models there, or write "
                    f"`yes` in the column `extract` of {self.registry_path}."
                ),
            )
        return keys

    @property
    def is_ready(self) -> bool:
        """Say whether there are features, and what extraction needs is installed."""
        if self.extracted and not models_installed():
            return False
        return bool(self.supplied or self.extracted)

    def inputs(self, model: str) -> dict[str, Any]:
        """Return the feature file of a model as an input, if the workflow makes it."""
        if self._check(model) in self.supplied:
            return {}
        return {"features": paths.FEATURES.format(dataset="nsd", weights="trained", model=model)}

    def external(self, model: str) -> dict[str, Any]:
        """Return the feature file of a model as an external file, if a user has it."""
        if self._check(model) not in self.supplied:
            return {}
        return {"features": self.supplied[model]}

    def _check(self, model: str) -> str:
        """Refuse a model that there is not."""
        if model not in self.keys:
            raise RepalignError(
                f"model {model!r}",
                where="the files asked for",
                expected=f"one of {', '.join(self.keys)}",
                remedy=(
                    "Correct the target, add the model's feature file to nsd.features, or its "
                    f"row to {self.registry_path}."
                ),
            )
        return model
