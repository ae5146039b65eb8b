"""The settings of kernel multi-view CCA."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from repalign.settings.section import Section


class KmccaSettings(Section):
    """Kernel multi-view CCA over subjects."""

    images: Literal["complete", "union"] = Field(
        "complete",
        description=(
            "Images that components are made from. `complete`: shared images that every selected "
            "subject was shown three times (515 of NSD). `union`: shared images of at least two "
            "subjects; a subject takes part with those it was shown."
        ),
    )
    kernel: Literal["linear", "rbf"] = Field(
        "linear",
        description=(
            "Similarity of a subject's responses to two images. `linear`: inner product of "
            "z-scored responses; `rbf`: Gaussian, as wide as the median distance."
        ),
    )
    regularisation: float = Field(
        0.9,
        ge=0,
        le=1,
        description=(
            "Kappa: how much of what is held constant is the norm of a subject's weights, not of "
            "its scores. 0 is refused where subjects have more dimensions than there are images."
        ),
    )
    signal_rank: int | None = Field(
        None,
        ge=1,
        description="Principal components of each subject that take part. Empty: all.",
    )
    components: int = Field(
        3, ge=3, le=50, description="Components that are kept; control matrices need three."
    )
    folds: int = Field(
        5, ge=2, description="Parts of the images that are held out in turn to test components."
    )
    min_images: int = Field(
        5, ge=1, le=65535, description="Words in the captions of fewer images are left out."
    )
    permutations: int = Field(
        10000, ge=1, description="Draws of the null distribution of the words' scores."
    )
    seed: int = Field(0, ge=0, lt=2**32, description="Seed of the folds and of the draws.")
