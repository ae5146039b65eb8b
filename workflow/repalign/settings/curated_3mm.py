"""The settings of the curated decoding set of NSD in MNI space."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from repalign.settings.section import Section


class EqualiseSettings(Section):
    """How subjects come to have equally many trials."""

    by: Literal["class", "none"] = Field(
        "class",
        description=(
            "`class`: trials of one label are left out until all subjects have equally many. "
            "`none`: every labelled trial stays, and numbers differ."
        ),
    )
    label: str = Field("person", min_length=1, description="Label whose trials are left out.")
    pick: Literal["random", "earliest"] = Field(
        "random",
        description=(
            "Which of its trials go. `earliest`: the first ones, as published, which thins out "
            "early sessions."
        ),
    )
    seed: int = Field(0, ge=0, lt=2**32, description="Seed of the random choice.")


class Curated3mmSettings(Section):
    """The curated decoding set of NSD in MNI space."""

    resolution_mm: float = Field(
        3.0, ge=0.5, le=20, description="Edge of a voxel; the published set has 3 mm."
    )
    interpolation: Literal["continuous", "linear", "nearest"] = Field(
        "continuous",
        description=(
            "Of responses, as nilearn names it; `continuous` is a cubic spline. From 1 to 3 mm "
            "voxel centres coincide, so all three give the value of every third voxel."
        ),
    )
    order: Literal["resample_then_mask", "mask_then_resample"] = Field(
        "resample_then_mask",
        description=(
            "`mask_then_resample` zeroes what is no grey matter at 1 mm first; columns are the "
            "same."
        ),
    )
    gm_threshold: float = Field(
        0.2, ge=0, lt=1, description="Voxels above this probability of grey matter are columns."
    )
    gm_closing: int = Field(
        2, ge=0, le=20, description="Iterations of closing of that mask at 1 mm; 0: none."
    )
    scale: Literal["percent", "stored"] = Field(
        "percent",
        description=(
            "`percent`: divided by 300, percent signal change. `stored`: the numbers of NSD's "
            "files, as published."
        ),
    )
    invalid_voxels: Literal["report", "drop"] = Field(
        "report",
        description=(
            "Grey-matter voxels without data in some kept session. `report`: columns all the "
            "same, counted in sub-XX_valid_sessions.nii.gz. `drop`: left out of the subject's "
            "columns, so that subjects have different ones."
        ),
    )
    max_trials: int | None = Field(
        None,
        ge=1,
        description=(
            "Planned trials of a subject that may be kept, from the first. Empty: those that "
            "every selected subject did (22,500 for all eight, as published)."
        ),
    )
    label_level: Literal["supercategory", "category"] = Field(
        "supercategory", description="What is decoded: COCO's 12 supercategories or 80 categories."
    )
    label_rule: Literal["largest_instance", "largest_category_sum", "in_crop"] = Field(
        "largest_instance",
        description=(
            "Which label an image gets. `largest_instance`: that of the annotation with the "
            "largest area, as published. `largest_category_sum`: with the largest sum of areas. "
            "`in_crop`: of the annotation with the largest area inside NSD's square; an image "
            "whose objects are all cropped off has none."
        ),
    )
    include_crowd: bool = Field(
        True, description="Whether regions that COCO marks as a crowd give labels, as published."
    )
    id_lookup: Literal["stim_info", "list_position"] = Field(
        "stim_info",
        description=(
            "How the COCO picture of an image is found. `stim_info`: by the stimulus table. "
            "`list_position`: WRONG, reproduces the published labels, which are of unrelated "
            "pictures because image numbers were used as places in COCO's lists."
        ),
    )
    equalise: EqualiseSettings = Field(
        EqualiseSettings(), description="How subjects come to have equally many trials."
    )
    keep_resampled: bool = Field(
        True,
        description=(
            "Keep the resampled sessions (real NSD: 41 GB), so that other labels, trials or units "
            "cost no resampling. `false` deletes them once a subject is curated."
        ),
    )

    @model_validator(mode="after")
    def _crop_is_of_the_own_picture(self) -> Self:
        """Refuse the crop of an image as a rule about an unrelated picture."""
        if self.id_lookup == "list_position" and self.label_rule == "in_crop":
            raise ValueError(
                "label_rule in_crop needs the picture that the image was cut from, which "
                "id_lookup list_position does not find"
            )
        return self
