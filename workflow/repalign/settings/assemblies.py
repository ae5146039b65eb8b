"""The settings of assemblies of NSD."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from repalign.settings.nsd import SubjectNumber
from repalign.settings.section import Section

Labels = Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)]
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]+$")]
VENTRAL = "IT"


class AssemblySettings(Section):
    """Assemblies of NSD for Brain-Score."""

    subjects: Literal["all"] | list[SubjectNumber] = Field(
        "all",
        description=(
            "Subjects of `results/nsd/assemblies`, as a list of numbers, or `all` that "
            "nsd.subjects selects. Images are those with three repetitions in every one: 515 of "
            "all eight."
        ),
    )
    variants: dict[Word, Annotated[list[SubjectNumber], Field(min_length=1)]] = Field(
        {"4subj": [1, 2, 5, 7]},
        description=(
            "Further sets of subjects by name: `results/nsd/assemblies_<name>`. Subjects 1, 2, 5 "
            "and 7 share 1,000 images."
        ),
    )
    visual_areas: dict[Word, Labels] = Field(
        {"V1": [1, 2], "V2": [3, 4], "V4": [7]},
        min_length=1,
        description="Regions with their labels in nsd.files.visual_areas, in order.",
    )
    it_definition: Literal["streams5", "glasser9"] = Field(
        "streams5",
        description=(
            "What IT is. `streams5`: the ventral stream (label 5), as the published code has it. "
            "`glasser9`: FFC, VVC, VMV2, VMV3, PHA1-3, TE1p and TE2p of HCP-MMP1, about half as "
            "many voxels, as older published files have it."
        ),
    )
    train_share: float = Field(
        0.8, gt=0, lt=1, description="Share of the images that models are fitted on."
    )
    seed: int = Field(
        42, ge=0, lt=2**32, description="Seed of the split; 42 is the published one."
    )
    global_zscore: Literal["all_images", "train_only"] = Field(
        "all_images",
        description=(
            "Images that give mean and standard deviation of a neuroid in the train and test "
            "assemblies. `all_images`: as published, so that test images have a say in the scale "
            "of the training data. `train_only`: without that leak."
        ),
    )

    @model_validator(mode="after")
    def _names(self) -> Self:
        """Refuse a second region of the name of the one that `it_definition` defines."""
        if VENTRAL in self.visual_areas:
            raise ValueError(f"{VENTRAL} is defined by it_definition; remove it from visual_areas")
        return self
