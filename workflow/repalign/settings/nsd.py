"""The settings of the Natural Scenes Dataset."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from repalign.settings.section import (
    FixedPath,
    RegionPath,
    Section,
    SessionPath,
    SplitPath,
    SubjectPath,
)

SubjectNumber = Annotated[int, Field(ge=1, le=99)]
# Keys of a mapping arrive as text where settings are passed on to a cluster job.
SubjectKey = Annotated[int, Field(ge=1, le=99, strict=False)]


class NsdFiles(Section):
    """Where each raw file of NSD lies below `nsd.raw`.

    Paths have `{subject}` and `{session}`, those of COCO `{split}` (train2017, val2017).
    """

    betas: SessionPath = Field(
        "subj{subject:02d}/func1mm/betas_fithrf_GLMdenoise_RR/betas_session{session:02d}.nii.gz",
        description="Single-trial responses of a session: 4-D NIfTI, percent signal change x 300.",
    )
    atlas_left: SubjectPath = Field(
        "subj{subject:02d}/func1mm/roi/lh.HCP_MMP1.nii.gz",
        description="HCP-MMP1 labels (1-180) of the left hemisphere on the grid of the betas.",
    )
    atlas_right: SubjectPath = Field(
        "subj{subject:02d}/func1mm/roi/rh.HCP_MMP1.nii.gz",
        description="HCP-MMP1 labels (1-180) of the right hemisphere on the grid of the betas.",
    )
    design: FixedPath = Field(
        "nsd_expdesign.mat", description="Experiment design: order of trials."
    )
    stimulus_info: FixedPath = Field(
        "nsd_stim_info_merged.csv", description="Stimulus table, one row an image."
    )
    images: FixedPath = Field(
        "nsd_stimuli.hdf5", description="Pictures: imgBrick, images x height x width x 3, uint8."
    )
    captions: SplitPath = Field(
        "annotations/captions_{split}.json", description="COCO's captions, one file a split."
    )
    instances: SplitPath = Field(
        "annotations/instances_{split}.json",
        description="COCO's objects, one file a split: for animate and inanimate images, too.",
    )
    person_keypoints: SplitPath = Field(
        "annotations/person_keypoints_{split}.json",
        description="COCO's people with their keypoints, one file a split.",
    )
    betas_1pt8mm: SessionPath = Field(
        "subj{subject:02d}/func1pt8mm/betas_fithrf_GLMdenoise_RR/betas_session{session:02d}.hdf5",
        description=(
            "For assemblies: responses of a session in 1.8 mm volumes, dataset `betas` (trials x "
            "z x y x x, int16, percent signal change x 300). In NSD's bucket below "
            "nsddata_betas/ppdata/."
        ),
    )
    ncsnr: SubjectPath = Field(
        "subj{subject:02d}/func1pt8mm/betas_fithrf_GLMdenoise_RR/ncsnr.nii.gz",
        description=(
            "Noise-ceiling signal-to-noise ratio of every 1.8 mm voxel. In NSD's bucket below "
            "nsddata_betas/ppdata/."
        ),
    )
    visual_areas: SubjectPath = Field(
        "subj{subject:02d}/func1pt8mm/roi/prf-visualrois.nii.gz",
        description=(
            "V1v, V1d, V2v, V2d, V3v, V3d, hV4 (1-7) on the 1.8 mm grid. In NSD's bucket below "
            "nsddata/ppdata/, as the next three."
        ),
    )
    streams_left: SubjectPath = Field(
        "subj{subject:02d}/func1pt8mm/roi/lh.streams.nii.gz",
        description="Streams (1-7, 5 is ventral) of the left hemisphere on the 1.8 mm grid.",
    )
    streams_right: SubjectPath = Field(
        "subj{subject:02d}/func1pt8mm/roi/rh.streams.nii.gz",
        description="Streams (1-7, 5 is ventral) of the right hemisphere on the 1.8 mm grid.",
    )
    atlas_1pt8mm: SubjectPath = Field(
        "subj{subject:02d}/func1pt8mm/roi/HCP_MMP1.nii.gz",
        description="HCP-MMP1 labels (1-180) of both hemispheres on the 1.8 mm grid.",
    )
    betas_mni: SessionPath = Field(
        "1mm/subj{subject:02d}/betas_session{session:02d}.nii.gz",
        description=(
            "For the decoding set: responses of a session in MNI space, 1 mm, percent signal "
            "change x 300. In NSD's bucket "
            "nsddata_betas/ppdata/subj{subject:02d}/MNI/betas_fithrf/betas_session{session:02d}"
            ".nii.gz."
        ),
    )
    valid_mni: SessionPath = Field(
        "1mm/subj{subject:02d}/valid_session{session:02d}.nii.gz",
        description=(
            "Which voxels of `betas_mni` a session covers; may be absent. In NSD's bucket beside "
            "them."
        ),
    )
    behaviour: SubjectPath = Field(
        "subj{subject:02d}/behav/responses.tsv",
        description=(
            "Behavioural table of a subject; may be absent. Runs and images of the decoding set "
            "are compared with it. In NSD's bucket below nsddata/ppdata/."
        ),
    )


class RoiMatrices(Section):
    """Where ready-made region matrices lie below `nsd.raw` when `nsd.layout` is `roi_matrices`."""

    responses: RegionPath = Field(
        "betas/sub{subject:02d}/sub-{subject:02d}_roi-{roi:03d}.npy",
        description="Trials x voxels of one subject and region (1-360), int16 or float.",
    )
    stimuli: FixedPath = Field(
        "nsd_stimuli.csv", description="Trials in the published layout of nsd_stimuli.csv."
    )


class NsdSettings(Section):
    """The Natural Scenes Dataset."""

    raw: str = Field(
        "resources/simulated/nsd",
        description="Folder of the raw dataset. Point it at a copy of NSD to use the real data.",
    )
    source: Literal["auto", "real", "simulated", "other"] = Field(
        "auto",
        description=(
            "What the raw folder holds. `auto`: simulated if it has a simulation.json, else real. "
            "The known counts of NSD are asserted for `real`; `other` is for recordings in NSD's "
            "layout that are not NSD."
        ),
    )
    layout: Literal["raw", "roi_matrices"] = Field(
        "raw",
        description=(
            "`raw`: NIfTI betas and atlases. `roi_matrices`: region matrices that a lab already "
            "has, with their nsd_stimuli.csv."
        ),
    )
    subjects: Literal["all"] | list[SubjectNumber] = Field(
        "all", description="Subjects to use, as a list of numbers, or `all` (1-8)."
    )
    sessions: dict[SubjectKey, Annotated[int, Field(ge=1, le=99)]] | None = Field(
        None,
        description=(
            "Number of sessions of each subject. Empty: as in the simulation, or as published "
            "(40, 40, 32, 30, 40, 32, 40, 30)."
        ),
    )
    regions: Literal["all"] | list[str] = Field(
        "all", description="HCP-MMP1 areas to use, as a list of names (V1, MST, ...), or `all`."
    )
    features: str = Field(
        "features",
        description=(
            "Folder of model features, one .h5 or .pt file a model; relative to `raw`, or an "
            "absolute path."
        ),
    )
    skip_features: list[str] = Field(
        ["*-pixtral.*"], description="Patterns of feature files that are left out."
    )
    assume_row_order: bool = Field(
        False,
        description=(
            "Whether row k of a .pt file without ids is image k. Files with ids are always "
            "matched by id."
        ),
    )
    controls: str = Field(
        "control_matrices",
        description=(
            "Folder of control tables (control_<name>.parquet) for partial RSA; relative to "
            "`raw`, or an absolute path. `computed`: those that the workflow makes from shared "
            "components and annotations of the images."
        ),
    )
    files: NsdFiles = Field(NsdFiles(), description="Where each raw file lies.")
    roi_matrices: RoiMatrices = Field(RoiMatrices(), description="Where ready-made matrices lie.")
