"""The settings of comparisons with untrained models, between models, and with tokens."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from repalign.settings.section import Section

LOCAL_TOKENIZER = "local-dir:"
"""What the place of a tokenizer in a folder starts with."""


class UntrainedSettings(Section):
    """Comparison with untrained models."""

    seeds: list[Annotated[int, Field(ge=0, lt=2**32)]] = Field(
        [0], min_length=1, description="Seeds of the random weights; one set of rows a seed."
    )


class ModelModelSettings(Section):
    """Comparison of language with vision models."""

    batch_size: int = Field(
        750, ge=4, description="Consecutive images that are compared at once; the last has fewer."
    )


def _tokenizer_source(text: str) -> str:
    """Refuse what is neither an id on the hub nor a folder."""
    folder = text.removeprefix(LOCAL_TOKENIZER)
    name, at, revision = text.partition("@")
    if folder == text:
        allowed = re.fullmatch(r"[\w.-]+(/[\w.-]+)?", name) and bool(revision) == bool(at)
    else:
        allowed = bool(folder)
    if not allowed:
        raise ValueError(f"expected <hub id>, <hub id>@<revision> or {LOCAL_TOKENIZER}<folder>")
    return text


class TokenizerSettings(Section):
    """Comparison with tokens of captions."""

    llm: Literal["auto"] | list[str] = Field(
        "auto",
        description=(
            "Language models whose tokens are compared, by their ids in the registry, beside "
            "words and stems. `auto`: one of each of the five tokenizers of the published models; "
            "where the registry has none of these, the first language model of each family."
        ),
    )
    sources: dict[str, Annotated[str, AfterValidator(_tokenizer_source)]] = Field(
        {"meta-llama/Llama-2-7b": "meta-llama/Llama-2-7b-hf"},
        description=(
            "Where tokenizers come from whose models are not in the registry, or lie elsewhere "
            "than these: `<hub id>`, `<hub id>@<revision>` or `local-dir:<folder>` (with its "
            "config.json)."
        ),
    )
    trial_mode: Literal["mean", "first", "all"] = Field(
        "mean",
        description=(
            "Which repetitions of an image make its brain pattern: the mean of those that the "
            "subject saw, or the first one alone. `all`: each is a row of the RDM, with the "
            "tokens of its image."
        ),
    )
    legacy_subjects: bool = Field(
        False, description="Leave out subjects after the seventh, as the published file does."
    )

    @model_validator(mode="after")
    def _check_models(self) -> Self:
        """Refuse two tokenizers whose files would be one."""
        stems = [] if self.llm == "auto" else [model.replace("/", "_") for model in self.llm]
        twice = sorted({stem for stem in stems if stems.count(stem) > 1 or not stem})
        if twice:
            raise ValueError(f"llm: {twice[0] or 'an empty name'} twice, or empty")
        return self
