"""The settings of captions, short answers and objects."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from repalign.settings.section import Section


class CaptionSettings(Section):
    """Captions and short answers about images."""

    max_empty_share: float = Field(
        0.01, ge=0, le=1, description="A larger share of empty captions stops the job."
    )


class DetectorSettings(Section):
    """The model that finds objects where `objects.backend` is `detr`."""

    model: str = Field(
        "facebook/detr-resnet-50", description="Its id on the Hugging Face hub, and its name."
    )
    source: Literal["hub", "local-dir"] = Field(
        "hub", description="Where it is: on the hub, or in the folder `path`."
    )
    path: str = Field(
        "", description="Folder of a `local-dir`, as save_pretrained of transformers writes it."
    )
    revision: str = Field("no_timm", description="Commit, tag or branch on the hub.")


class ObjectSettings(Section):
    """Objects in the images."""

    geometry: Literal["original", "crop"] = Field(
        "original",
        description=(
            "What coco_objects_annotations.csv lists. `original`: boxes and areas in COCO's "
            "picture, as published, with objects that NSD's square crop takes away. `crop`: "
            "objects of which the square shows something, cut at its edges, in its coordinates."
        ),
    )
    crowds: bool = Field(
        True, description="Whether regions that COCO marks as a crowd count as an object."
    )
    legacy_person_filter: bool = Field(
        False,
        description=(
            "Whether people without keypoints are left out of train2017 alone, as published; "
            "else of both splits."
        ),
    )
    backend: Literal["coco_instances", "detr"] = Field(
        "coco_instances",
        description=(
            "Where nsd_scenes_objects.parquet comes from. `coco_instances`: COCO's annotations, "
            "which need no model. `detr`: the detector."
        ),
    )
    images: Literal["shared", "all"] = Field(
        "shared",
        description="Images whose objects are wanted: those that all subjects see, or all.",
    )
    threshold: float = Field(
        0.8, ge=0, le=1, description="Detections that are not more confident are left out."
    )
    raw_area: bool = Field(
        False,
        description=(
            "Whether boxes may reach beyond the picture, as published, so that one can have more "
            "area than the picture."
        ),
    )
    detector: DetectorSettings = Field(
        DetectorSettings(), description="The model of the backend `detr`."
    )
