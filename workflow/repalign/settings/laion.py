"""The settings of LAION-fMRI."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from repalign.settings.laion_recordings import LaionRecordings
from repalign.settings.section import Section


class LaionStimuliSettings(Section):
    """The stimuli of LAION-fMRI and the seven files that are derived from them."""

    derivatives: Literal["released", "produced"] = Field(
        "released",
        description=(
            "Which of the seven derived files are validated and analysed. `released`: those below "
            "`laion.raw`. `produced`: those that the workflow makes from the pictures."
        ),
    )


class LaionSettings(LaionRecordings):
    """LAION-fMRI."""

    raw: str = Field(
        "resources/simulated/laion", description="Folder of the raw dataset, as downloaded."
    )
    source: Literal["auto", "real", "simulated", "other"] = Field(
        "auto",
        description=(
            "What the folder holds. `auto`: simulated if it has a simulation.json, else real, "
            "which is held to the facts of the publication."
        ),
    )
    stimuli: LaionStimuliSettings = Field(
        LaionStimuliSettings(), description="The stimuli, and what is derived from them."
    )
