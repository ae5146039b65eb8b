"""The settings of comparisons with untrained models, between models, and with tokens."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from repalign.settings.section import Section


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


class TokenizerSettings(Section):
    """Comparison with tokens of captions."""

    trial_mode: Literal["mean", "first", "all"] = Field(
        "mean", description="Which repetitions of an image make its brain pattern."
    )
