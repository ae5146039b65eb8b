"""The settings of captions, short answers and objects."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from repalign.settings.section import Section


class CaptionTables(Section):
    """Captions and answers that a user has already, as CSV files."""

    nsd: str | None = Field(None, description="Captions of NSD: nsd_id, caption.")
    bold5000: str | None = Field(None, description="Captions of BOLD5000: bold_id, caption.")
    things: str | None = Field(None, description="Captions of THINGS: things_id, caption.")
    motion: str | None = Field(
        None, description="Answers about NSD to the prompt `motion`: nsd_id, caption."
    )
    indoor: str | None = Field(
        None, description="Answers about NSD to the prompt `indoor`: nsd_id, caption."
    )
    scene: str | None = Field(
        None, description="Answers about NSD to the prompt `scene`: nsd_id, caption."
    )


class CaptionCorrections(Section):
    """Corrections of captions, as CSV files with the columns id, caption and reason."""

    nsd: str | None = Field(None, description="Corrections for NSD.")
    bold5000: str | None = Field(None, description="Corrections for BOLD5000.")
    things: str | None = Field(None, description="Corrections for THINGS.")


class CaptionSettings(Section):
    """Captions and short answers about images."""

    backend: Literal["auto", "file", "template", "transformers", "vllm"] = Field(
        "auto",
        description=(
            "Where texts come from. `file`: the tables of captions.files. `template`: sentences "
            "made from the names of objects or files, for trying things out. `transformers`: a "
            "vision-language model, by the library transformers. `vllm`: the same by vLLM, which "
            "needs a GPU. `auto`: the table where there is one; else `template` for a simulated "
            "dataset, `transformers` for any other."
        ),
    )
    files: CaptionTables = Field(CaptionTables(), description="Tables that a user has already.")
    corrections: CaptionCorrections = Field(
        CaptionCorrections(), description="Captions written by hand, put in last."
    )
    prompts: str = Field(
        "config/prompts.yaml", description="The named prompts, with the answers they allow."
    )
    prompt: str = Field(
        "caption",
        min_length=1,
        description="What models are asked for captions: a named prompt, or a text of your own.",
    )
    model: str = Field(
        "auto",
        min_length=1,
        description=(
            "Vision-language model, as its library knows it. `auto`: Pixtral 12B, "
            "mistral-community/pixtral-12b for transformers and mistralai/Pixtral-12B-2409 for "
            "vLLM."
        ),
    )
    source: Literal["hub", "local-dir"] = Field(
        "hub",
        description="Where the model is: on the Hugging Face hub, or in the folder `folder`.",
    )
    folder: str | None = Field(None, description="Folder of the model, for `local-dir`.")
    revision: str | None = Field(
        None, description="Commit of the model on the hub. Empty: the newest, which may change."
    )
    precision: Literal["float32", "bfloat16"] = Field(
        "bfloat16", description="Numbers that the model computes with."
    )
    max_new_tokens: int = Field(
        256, ge=1, description="Tokens of the longest text; a longer one is cut. Published: 8192."
    )
    legacy_sampling: bool = Field(
        False,
        description=(
            "`false`: at each place the likeliest token, so that texts are reproducible. `true`: "
            "drawn at temperature 1, as published, with a seed for each image."
        ),
    )
    seed: int = Field(0, ge=0, lt=2**32, description="Seed of the draws.")
    memory_mb: int = Field(
        49152,
        ge=512,
        description="Memory of a job that runs a vision-language model in MiB, for schedulers.",
    )
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
