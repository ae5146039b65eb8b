"""Which tokenizers a run compares with subjects, and where those of language models come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from repalign.errors import RepalignError
from repalign.models.registry import Model
from repalign.settings.comparisons import LOCAL_TOKENIZER, TokenizerSettings
from repalign.tables.token_tables import WORD_TOKENIZERS

PUBLISHED = (
    "bigscience/bloomz-560m",
    "openlm-research/open_llama_3b",
    "meta-llama/Meta-Llama-3-8B",
    "meta-llama/Llama-2-7b",
    "google/gemma-2-2b",
)
"""One model of each tokenizer that the published models have, in the published order."""

FAMILIES = {
    "meta-llama/Meta-Llama-3-8B": ("Llama-3.1",),
    "meta-llama/Llama-2-7b": ("Huggyllama",),
}
"""Families of the registry for which a model stands beside its own."""

_PATTERNS = ("*.json", "*.model", "*.txt")


@dataclass(frozen=True)
class TokenizerSource:
    """Where a tokenizer comes from.

    Attributes
    ----------
    source : str
        `hub` or `local-dir`.
    path : str
        Id on the hub, or folder.
    revision : str
        Commit, tag or branch on the hub; may be empty.
    """

    source: str
    path: str
    revision: str = ""


@dataclass(frozen=True)
class TokenizerPlan:
    """Which tokenizers a run compares with subjects.

    Attributes
    ----------
    settings : TokenizerSettings
        Section `tokenizers` of the settings.
    registry : sequence of Model
        All models.
    root : Path
        The project folder, which relative paths start from.
    """

    settings: TokenizerSettings
    registry: Sequence[Model]
    root: Path = Path()

    @cached_property
    def _language(self) -> dict[str, Model]:
        """Return the language models of the registry by id, each once."""
        rows = [model for model in self.registry if model.modality == "language"]
        return {model.model: model for model in reversed(rows)}

    @cached_property
    def models(self) -> list[str]:
        """Return the ids of the models whose tokens are compared, in the order of the table."""
        if self.settings.llm != "auto":
            return list(self.settings.llm)
        rows = [model for model in self.registry if model.modality == "language"]
        if not rows or any(model.published for model in rows):
            return list(PUBLISHED)
        first = {model.family: model.model for model in reversed(rows)}
        return list(dict.fromkeys(first[model.family] for model in rows))

    @property
    def names(self) -> list[str]:
        """Return the names of all tokenizers, in the order of the table."""
        return [*WORD_TOKENIZERS, *self.models]

    @cached_property
    def stands_for(self) -> list[tuple[str, str]]:
        """Return pairs of a compared model and an extracted one that should have its tokenizer."""
        return [
            (model, other)
            for model in self.models
            for other, row in self._language.items()
            if row.extract and other not in self.models and row.family in self._families(model)
        ]

    def by_key(self, key: str) -> str:
        """Return the id of the model that a file of tokens is named after."""
        known = [*self.models, *(other for _, other in self.stands_for)]
        for model in known:
            if token_key(model) == key:
                return model
        raise RepalignError(
            f"tokenizer {key!r}",
            where="the files asked for",
            expected=f"one of {', '.join(map(token_key, known))}",
            remedy="Correct the target, or add the model to tokenizers.llm.",
        )

    def source(self, model: str) -> TokenizerSource:
        """Return where a tokenizer comes from: as the settings say, the registry, or the hub."""
        if model in self.settings.sources:
            place = self.settings.sources[model]
            if place.startswith(LOCAL_TOKENIZER):
                return TokenizerSource("local-dir", place.removeprefix(LOCAL_TOKENIZER))
            path, _, revision = place.partition("@")
            return TokenizerSource("hub", path, revision)
        row = self._language.get(model)
        if row is None:
            return TokenizerSource("hub", model)
        path = row.path or model
        # Random weights have the tokenizer of their configuration, from a folder or the hub.
        is_local = row.source == "local-dir" or (
            row.source == "random" and (self.root / path).is_dir()
        )
        return TokenizerSource("local-dir" if is_local else "hub", path, row.revision)

    def files(self, model: str) -> list[str]:
        """Return the files of a tokenizer in a folder; none of one on the hub."""
        found = self.source(model)
        if found.source == "hub":
            return []
        folder = self.root / found.path
        names = sorted({file.name for pattern in _PATTERNS for file in folder.glob(pattern)})
        if "config.json" not in names:
            raise RepalignError(
                "a folder without config.json" if folder.is_dir() else "no such folder",
                where=f"{found.path}, the tokenizer of {model}",
                expected="a model's configuration and tokenizer, as save_pretrained writes them",
                remedy="Correct `path` in the registry of models, or tokenizers.sources.",
            )
        kept = [name for name in names if not name.endswith(".index.json")]
        return [str(Path(found.path) / name) for name in kept]

    def is_ready(self, *, is_simulated: bool) -> bool:
        """Say whether the packages are installed and tokenizers can be had.

        Nothing is fetched from the hub for simulated data unless it is asked for by name.
        """
        packages = all(find_spec(name) is not None for name in ("transformers", "torch", "nltk"))
        local = all(self.source(model).source == "local-dir" for model in self.models)
        return packages and (local or not is_simulated)

    def _families(self, model: str) -> set[str]:
        """Return the families of the registry for which a model stands."""
        row = self._language.get(model)
        return {*FAMILIES.get(model, ()), *([row.family] if row else [])}


def token_key(model: str) -> str:
    """Return what the file of a model's tokens is named."""
    return model.replace("/", "_")
