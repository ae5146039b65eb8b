"""The settings of BOLD5000 and THINGS."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from repalign.settings.section import FixedPath, Section

Source = Literal["auto", "real", "simulated", "other"]


class Bold5000Files(Section):
    """Where the raw files of BOLD5000 lie below `bold5000.raw`."""

    lists: FixedPath = Field(
        "bold5000_stimuli/Stimuli_Presentation_Lists",
        description=(
            "Folder of the presentation lists, CSI<subject>/CSI<subject>_sess<session>/*.txt: "
            "one file a run, one image a line."
        ),
    )
    images: FixedPath = Field(
        "bold5000_stimuli/Scene_Stimuli/Presented_Stimuli",
        description="Folder of the pictures, in COCO, ImageNet and Scene.",
    )


class Bold5000Settings(Section):
    """BOLD5000."""

    raw: str = Field(
        "resources/simulated/bold5000",
        description="Folder of the raw dataset. Without it, all of BOLD5000 is left out.",
    )
    source: Source = Field(
        "auto",
        description=(
            "What the raw folder holds. `auto`: simulated if it has a simulation.json, else real. "
            "The known counts of BOLD5000 are asserted for `real`."
        ),
    )
    files: Bold5000Files = Field(Bold5000Files(), description="Where the raw files lie.")


class ThingsFiles(Section):
    """Where the raw files of THINGS lie below `things.raw`."""

    images: FixedPath = Field(
        "stimuli/THINGS/Images",
        description="Folder of the pictures: a folder a concept, with its *.jpg.",
    )
    concepts: FixedPath = Field(
        "stimuli/THINGS/Metadata/Concept-specific/unique_id.csv",
        description=(
            "Names of the concepts, one a line without a header. Line k (from 0) is the concept "
            "whose category_id is k; the order is not alphabetic throughout."
        ),
    )


class ThingsSettings(Section):
    """THINGS."""

    raw: str = Field(
        "resources/simulated/things",
        description="Folder of the raw dataset. Without it, all of THINGS is left out.",
    )
    source: Source = Field(
        "auto",
        description=(
            "What the raw folder holds. `auto`: simulated if it has a simulation.json, else real. "
            "The known counts of THINGS are asserted for `real`."
        ),
    )
    files: ThingsFiles = Field(ThingsFiles(), description="Where the raw files lie.")
