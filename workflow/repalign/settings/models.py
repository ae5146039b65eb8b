"""The settings of feature extraction."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from repalign.settings.section import Section


class ModelSettings(Section):
    """Features that the workflow extracts itself."""

    registry: str = Field(
        "auto",
        description=(
            "Table of models; its column `extract` says whose features the workflow extracts. "
            "`auto`: resources/simulated/models/models.tsv where NSD is simulated and "
            "`repalign simulate models` made that, else config/models.tsv."
        ),
    )
    images: Literal["jpeg", "exact"] = Field(
        "jpeg",
        description=(
            "What models see of NSD. `jpeg`: the pictures as JPEG files of quality 75, as "
            "published. `exact`: the pixels of nsd_stimuli.hdf5."
        ),
    )
    batch_size: int = Field(
        16,
        ge=1,
        description=(
            "Images or captions that go through a model at once. It bounds memory; another value "
            "can change the last digits."
        ),
    )
    precision: Literal["float32", "bfloat16"] = Field(
        "float32", description="Numbers that language models compute with."
    )
    store: Literal["float32", "float16"] = Field(
        "float32", description="Numbers that feature files hold."
    )
