"""The settings of figures."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from repalign.settings.section import Section


class FigureSettings(Section):
    """Choices of figures; no table depends on them."""

    bootstrap: int = Field(
        1000,
        ge=0,
        le=100_000,
        description=(
            "Samples of regions for the band around a power law. 0 draws no band. The published "
            "notebooks print 10,000 and draw 1,000."
        ),
    )
    seed: int = Field(
        0, ge=0, lt=2**32, description="Seed of bootstrap samples and of starts of searches."
    )
    hemisphere_marks: Literal["fdr_bh", "none"] = Field(
        "fdr_bh",
        description=(
            "When an area is marked as different in the two hemispheres, p ≤ 0.05 either way. "
            "`fdr_bh`: by p-values after Benjamini and Hochberg over areas. `none`: by "
            "uncorrected ones, as published; about one area in twenty is then marked by chance."
        ),
    )
    attenuation_starts: int = Field(
        100,
        ge=1,
        le=10_000,
        description=(
            "Starts of the joint fit of all measures as power laws of one reliability. The "
            "published one has 1,000; the figure says how many ended at the same fit."
        ),
    )
    partition_test: Literal["paired", "welch"] = Field(
        "paired",
        description=(
            "Test of the similarity on two sets of images, region by region. `paired`: paired t "
            "test, since both are of the same subjects. `welch`: Welch's t test, which takes them "
            "for independent samples, as was published. P-values are corrected by Benjamini and "
            "Hochberg over the regions either way."
        ),
    )
    token_distance: Literal["jaccard", "correlation", "correlation_freq"] = Field(
        "jaccard",
        description=(
            "Distance of captions in the figure of tokenizers: of the sets of tokens, of vectors "
            "of tokens that are present, or of their counts."
        ),
    )
