"""What all sections of the settings share: strictness, and path templates."""

from __future__ import annotations

import string
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


def template(**entities: int | str) -> AfterValidator:
    """Return a check that a path template has no other placeholders than some entities."""
    allowed = ", ".join(f"{{{name}}}" for name in entities) or "no placeholders"

    def check(text: str) -> str:
        try:
            names = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
            unknown = sorted(names - set(entities))
            text.format_map(dict.fromkeys(unknown, 1) | entities)
        except (ValueError, LookupError, AttributeError, TypeError) as error:
            raise ValueError(f"not a path template ({error}); allowed: {allowed}") from error
        if unknown:
            found = ", ".join(f"{{{name}}}" for name in unknown)
            raise ValueError(f"unknown placeholder {found}; allowed: {allowed}")
        return text

    return AfterValidator(check)


FixedPath = Annotated[str, template()]
SubjectPath = Annotated[str, template(subject=1)]
SessionPath = Annotated[str, template(subject=1, session=1)]
RegionPath = Annotated[str, template(subject=1, roi=1)]
BetasPath = Annotated[str, template(subject=1, session=1, betas="")]
SplitPath = Annotated[str, template(split="train2017")]


class Section(BaseModel):
    """A section of the settings: unknown keys are refused, values are not coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
