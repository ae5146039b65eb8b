"""The settings of LAION-fMRI."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from repalign.settings.laion_recordings import LaionRecordings
from repalign.settings.section import FixedPath, Section

_TIMM = "Its id in timm."
_POOL = (
    "What stands for a picture. `output`: what the model returns. `patches`: the mean of the "
    "patch tokens after the last block. `normed_patches`: the same after the last normalisation."
)
_SIZE = "Width and height of the model's input, pixels."
_RESIZE = (
    "`shortest`: the shorter side is scaled to `size` and the middle cut out. `squash`: both "
    "sides are scaled."
)
_INTERPOLATION = "How pixels are scaled."

Pool = Literal["output", "patches", "normed_patches"]
Resize = Literal["shortest", "squash"]
Interpolation = Literal["bicubic", "bilinear"]


class EmbeddingModelSettings(Section):
    """The model of one of the four embeddings: the choices of CLIP."""

    model: str = Field("vit_huge_patch14_clip_224.laion2b", description=_TIMM)
    source: Literal["hub", "local-dir"] = Field(
        "hub", description="Where its weights are: on the Hugging Face hub, or in `folder`."
    )
    folder: str | None = Field(None, description="Folder of the model, for `local-dir`.")
    revision: str | None = Field(
        None, description="Commit of the model on the hub. Empty: the newest, which may change."
    )
    sha256: str | None = Field(
        None, description="SHA-256 of the weight file, which is then checked."
    )
    pool: Pool = Field("output", description=_POOL)
    size: int = Field(224, ge=14, description=_SIZE)
    resize: Resize = Field("shortest", description=_RESIZE)
    interpolation: Interpolation = Field("bicubic", description=_INTERPOLATION)


class DinoSettings(EmbeddingModelSettings):
    """The model of the embedding DINOv2."""

    model: str = Field("vit_large_patch14_dinov2.lvd142m", description=_TIMM)
    pool: Pool = Field("patches", description=_POOL)


class PerceptionSettings(EmbeddingModelSettings):
    """The model of the embedding PEcore."""

    model: str = Field("vit_pe_core_large_patch14_336.fb", description=_TIMM)
    size: int = Field(336, ge=14, description=_SIZE)
    resize: Resize = Field("squash", description=_RESIZE)
    interpolation: Interpolation = Field("bilinear", description=_INTERPOLATION)


class SiglipSettings(EmbeddingModelSettings):
    """The model of the embedding SigLIP2."""

    model: str = Field("vit_so400m_patch14_siglip_378.v2_webli", description=_TIMM)
    size: int = Field(384, ge=14, description=_SIZE)
    resize: Resize = Field("squash", description=_RESIZE)
    interpolation: Interpolation = Field("bilinear", description=_INTERPOLATION)


class EmbeddingSettings(Section):
    """How the four embeddings are made."""

    backend: Literal["auto", "timm", "projection"] = Field(
        "auto",
        description=(
            "What makes them. `timm`: the models below. `projection`: a fixed random projection "
            "of small pictures, to try things out; its files say that it is no model, and it is "
            "refused for real data. `auto`: `projection` for a simulated dataset, else `timm`."
        ),
    )
    alpha: Literal["composite", "drop"] = Field(
        "composite",
        description=(
            "What becomes of transparent pictures, here and in segmentations. `composite`: they "
            "are laid over middle grey, as the scanner showed them. `drop`: the transparency is "
            "dropped, so that colours appear that were not shown."
        ),
    )
    clip: EmbeddingModelSettings = Field(
        EmbeddingModelSettings(),
        description="CLIP: OpenCLIP ViT-H/14 of LAION-2B, rows of length 1.",
    )
    dinov2: DinoSettings = Field(
        DinoSettings(),
        description="DINOv2: ViT-L/14, patch tokens of its last layer, not normalised.",
    )
    pecore: PerceptionSettings = Field(
        PerceptionSettings(), description="PEcore: PE Core L/14, rows of length 1."
    )
    siglip2: SiglipSettings = Field(
        SiglipSettings(),
        description=(
            "SigLIP2: SO400M patch 14, rows of length 1. Its patches fill 378 of 384 pixels."
        ),
    )


class DetectorSettings(Section):
    """The model that finds things."""

    model: str = Field(
        "google/owlv2-base-patch16-ensemble", description="Its id on the Hugging Face hub."
    )
    source: Literal["hub", "local-dir"] = Field(
        "hub", description="Where it is: on the hub, or in `folder`."
    )
    folder: str | None = Field(None, description="Folder of the model, for `local-dir`.")
    revision: str | None = Field(
        None, description="Commit of the model on the hub. Empty: the newest, which may change."
    )


class SegmenterSettings(DetectorSettings):
    """The model that outlines what was found."""

    model: str = Field("facebook/sam-vit-huge", description="Its id on the Hugging Face hub.")


class SegmentationSettings(Section):
    """How the masks of the shared images are made."""

    backend: Literal["auto", "transformers", "colour"] = Field(
        "auto",
        description=(
            "What makes them. `transformers`: an open-vocabulary detector, then a segmenter that "
            "is given its boxes. `colour`: the flat shapes of simulated pictures by their colour, "
            "refused for real data. `auto`: `colour` for a simulated dataset, else "
            "`transformers`."
        ),
    )
    nouns: FixedPath = Field(
        "sourcedata/nouns.tsv",
        description=(
            "Table of what to look for, with the column `noun`, below `laion.raw`. The list of "
            "the release is not published."
        ),
    )
    nouns_from: Literal["list", "captions"] = Field(
        "list",
        description=(
            "`list`: every noun is looked for in every picture. `captions`: those that its "
            "captions name."
        ),
    )
    detector: DetectorSettings = Field(
        DetectorSettings(), description="Detector of what nouns name: an OWLv2."
    )
    segmenter: SegmenterSettings = Field(
        SegmenterSettings(),
        description="Segmenter of what lies in a box: a Segment Anything model.",
    )
    threshold: float = Field(
        0.25, ge=0, lt=1, description="Detections that are not more confident are left out."
    )


class LaionCaptionSettings(Section):
    """What the table of captions is merged from."""

    human: FixedPath = Field(
        "sourcedata/human_captions.csv",
        description=(
            "Captions by people, below `laion.raw`: image_name, rank (or in the order of the "
            "rows), caption, origin_collection, participant_id."
        ),
    )
    ai: FixedPath | None = Field(
        "sourcedata/ai_captions.csv",
        description=(
            "Captions of a model, below `laion.raw`: image_name, caption, ai_model. Empty: the "
            "vision-language model of `captions` writes them."
        ),
    )
    worker_ids: Literal["hash", "keep"] = Field(
        "hash",
        description=(
            "What becomes of the ids of crowd workers, which are personal data. `hash`: a keyed "
            "digest stands for each. `keep`: they are copied."
        ),
    )


class LaionStimuliSettings(Section):
    """The stimuli of LAION-fMRI and the seven files that are derived from them."""

    derivatives: Literal["released", "produced"] = Field(
        "released",
        description=(
            "Which of the seven derived files are validated and analysed. `released`: those below "
            "`laion.raw`. `produced`: those that the workflow makes from the pictures."
        ),
    )
    embeddings: EmbeddingSettings = Field(
        EmbeddingSettings(), description="How the four embeddings are made."
    )
    segmentations: SegmentationSettings = Field(
        SegmentationSettings(), description="How the masks of the shared images are made."
    )
    captions: LaionCaptionSettings = Field(
        LaionCaptionSettings(), description="What the table of captions is merged from."
    )


class LaionSettings(LaionRecordings):
    """LAION-fMRI."""

    raw: str = Field(
        "resources/simulated/laion", description="Folder of the raw dataset, as downloaded."
    )
    source: Literal["auto", "real", "simulated", "other"] = Field(
        "auto",
        description=(
            "What the folder holds. `auto`: simulated if it has a simulation.json, else real, of "
            "which nothing is made that only looks like the work of a model."
        ),
    )
    stimuli: LaionStimuliSettings = Field(
        LaionStimuliSettings(), description="The stimuli, and what is derived from them."
    )
