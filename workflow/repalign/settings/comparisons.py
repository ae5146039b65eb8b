"""The settings of comparisons with untrained models, between models, and with tokens."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from repalign.settings.section import Section

LOCAL_TOKENIZER = "local-dir:"
"""What the place of a tokenizer in a folder starts with."""


def _different(values: list[Any]) -> list[Any]:
    """Refuse a list that says something twice."""
    if len(set(values)) < len(values):
        raise ValueError("each value once")
    return values


class UntrainedSettings(Section):
    """Comparison with untrained models."""

    models: (
        Literal["published", "extracted"]
        | Annotated[list[str], Field(min_length=1), AfterValidator(_different)]
    ) = Field(
        "published",
        description=(
            "Models whose random weights are compared. `published`: those that the registry marks "
            "as published (all, if it marks none), but for the families Bloom and Gemma, which "
            "the published table does not have. `extracted`: those whose column `extract` says "
            "`yes`. Or a list of their ids. They need no trained weights, but as much time and "
            "memory as trained ones; so `published` makes the table a part of `rule all` only "
            "where the registry extracts all of them, and elsewhere it is made when it is asked "
            "for."
        ),
    )
    seeds: Annotated[list[Annotated[int, Field(ge=0, lt=2**32)]], AfterValidator(_different)] = (
        Field(
            [0],
            min_length=1,
            description=(
                "Seeds of the random weights; one set of rows a seed. With several the table has "
                "a column `seed` at its end."
            ),
        )
    )


class ModelModelSettings(Section):
    """Comparison of language with vision models."""

    metrics: Annotated[
        list[Literal["rsa", "unbiased_cka", "mutual_knn"]], AfterValidator(_different)
    ] = Field(
        ["rsa", "unbiased_cka", "mutual_knn"],
        min_length=1,
        description="How layers are compared, in the order of the rows.",
    )
    topk: int = Field(
        10,
        ge=1,
        description=(
            "Neighbours of an image, for mutual_knn. Batches of no more images give NaN."
        ),
    )
    batch_size: int = Field(
        750, ge=4, description="Consecutive images that are compared at once; the last has fewer."
    )
    outlier_quantile: float = Field(
        0.95,
        gt=0,
        le=1,
        description=(
            "Features are clamped to plus and minus this quantile of their absolute values. 1 "
            "clamps nothing."
        ),
    )
    outlier_scope: Literal["batch", "layer"] = Field(
        "batch",
        description=(
            "Where the quantile is taken. `batch`: over all layers of a model in the batch, as "
            "published, so that one layer of huge features sets it for all. `layer`: in each "
            "layer."
        ),
    )
    include_flattened: bool = Field(
        False,
        description=(
            "Also compare all layers of a model flattened into one, as layer -1. `true` is the "
            "published behaviour."
        ),
    )

    @model_validator(mode="after")
    def _neighbours_fit(self) -> Self:
        """Refuse batches that have no neighbours to find."""
        if "mutual_knn" in self.metrics and self.topk >= self.batch_size:
            raise ValueError(
                f"topk is {self.topk} and batch_size {self.batch_size}; topk must be smaller"
            )
        return self


def _tokenizer_source(text: str) -> str:
    """Refuse what is neither an id on the hub nor a folder."""
    folder = text.removeprefix(LOCAL_TOKENIZER)
    name, at, revision = text.partition("@")
    if folder == text:
        allowed = re.fullmatch(r"\w[\w.-]*(/\w[\w.-]*)?", name, re.ASCII) and bool(
            revision
        ) == bool(at)
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
