"""The settings of figures."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from repalign.settings.section import Section


class FigureSettings(Section):
    """Choices of figures; tables do not depend on them."""

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
