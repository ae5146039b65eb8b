"""The settings of BOLD5000 and THINGS."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from repalign.settings.nsd import SubjectKey, SubjectNumber
from repalign.settings.section import BetasPath, FixedPath, Section, SubjectPath

Source = Literal["auto", "real", "simulated", "other"]
Mni152 = Literal[
    "MNI152NLin6Asym",
    "MNI152NLin6Sym",
    "MNI152NLin2009aAsym",
    "MNI152NLin2009aSym",
    "MNI152NLin2009bAsym",
    "MNI152NLin2009bSym",
    "MNI152NLin2009cAsym",
    "MNI152NLin2009cSym",
]
"""Spaces that share MNI152's coordinates, by TemplateFlow's names. MNI305, Colin27 and fsaverage
do not, and are refused."""
BETA_NAMES = {
    "A": "TYPEA-ASSUMEHRF",
    "B": "TYPEB-FITHRF",
    "C": "TYPEC-FITHRF-GLMDENOISE",
    "D": "TYPED-FITHRF-GLMDENOISE-RR",
}
"""How the files of each kind of betas are named."""

_FEATURES = (
    "Folder of model features, one .h5 or .pt file a model; relative to `raw`, or an absolute "
    "path."
)
_SKIP_FEATURES = "Patterns of feature files that are left out."
_ASSUME_ROW_ORDER = (
    "Whether row k of a .pt file without ids is image k. Files with ids are always matched by id."
)
_CONTROLS = (
    "Folder of control tables (control_<name>.parquet) for partial RSA; relative to `raw`, or an "
    "absolute path."
)


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
    events: FixedPath = Field(
        "events",
        description=(
            "Folder of the BIDS dataset with the events of all runs, "
            "sub-CSI<subject>/ses-*/func/*_events.tsv, used if trial_order is `events`."
        ),
    )
    betas: BetasPath = Field(
        "bold5000/CSI{subject}_GLMbetas-{betas}_ses-{session:02d}.nii.gz",
        description="Single-trial responses of a session: 4-D NIfTI; {betas} follows beta_type.",
    )
    atlas: SubjectPath = Field(
        "preprocessed/atlas/subj-{subject:02d}_HCP_atlas_func_360.nii.gz",
        description=(
            "HCP-MMP1 labels on the grid of the betas: 1-180 left, 181-360 right. Right labels "
            "201-380, as in the public volumetric atlas, are recognised and renumbered."
        ),
    )


class Bold5000Registration(Section):
    """How FSL carries the atlas to functional space, if `bold5000.atlas` is `fsl`."""

    t1: SubjectPath = Field(
        "anat/sub-CSI{subject}_T1w.nii.gz",
        description="T1-weighted image of a subject, with the skull, below `bold5000.raw`.",
    )
    bold: SubjectPath = Field(
        "func/sub-CSI{subject}_bold.nii.gz",
        description=(
            "Functional image on the grid of the betas, below `bold5000.raw`: 3-D, or a 4-D run, "
            "whose mean over time is taken."
        ),
    )
    atlas: FixedPath = Field(
        "atlas/HCP-MMP1_on_MNI152.nii.gz",
        description=(
            "Volumetric HCP-MMP1 labels in an MNI152 space, below `bold5000.raw`: 1-180 left, and "
            "right 181-360 or 201-380."
        ),
    )
    atlas_space: Mni152 | None = Field(
        None,
        description="MNI152 space of the atlas, as its source names it. Needed for `fsl`.",
    )
    template: FixedPath | None = Field(
        None,
        description=(
            "T1-weighted template with the skull, below `bold5000.raw`. Empty: FSL's own MNI152 "
            "of 1 mm."
        ),
    )
    template_brain: FixedPath | None = Field(
        None, description="The same template without the skull. Empty: FSL's own."
    )
    template_space: Mni152 = Field(
        "MNI152NLin6Asym",
        description=(
            "MNI152 space of the template; FSL's own is in MNI152NLin6Asym. In another space than "
            "the atlas's, coordinates agree to some millimetres only, and a warning says so."
        ),
    )
    t1_fraction: float = Field(
        0.25, gt=0, lt=1, description="Threshold of brain extraction from the T1; less keeps more."
    )
    bold_fraction: float = Field(
        0.4, gt=0, lt=1, description="Threshold of brain extraction from the BOLD image."
    )
    bold_dof: Literal[6, 7, 9, 12] = Field(
        12, description="Degrees of freedom from BOLD to T1: 12 as published, 6 for a rigid body."
    )
    beta_grid: Literal["header", "shape"] = Field(
        "header",
        description=(
            "What the BOLD image must share with the betas: shape and affine, or, where the "
            "header of one of them is known to be off, the shape alone. The atlas gets the "
            "affine of the betas."
        ),
    )
    max_lost_regions: float = Field(
        0.05,
        ge=0,
        le=1,
        description="Largest share of the atlas's regions that may end without a voxel.",
    )

    @model_validator(mode="after")
    def _template_and_its_space(self) -> Self:
        """Refuse half a template, and another space than that of FSL's own."""
        if (self.template is None) != (self.template_brain is None):
            raise ValueError("template and template_brain belong together: give both or none")
        if self.template is None and self.template_space != "MNI152NLin6Asym":
            raise ValueError(
                f"FSL's own template is in MNI152NLin6Asym; give template and template_brain of "
                f"{self.template_space}"
            )
        return self


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
    subjects: Literal["all"] | list[SubjectNumber] = Field(
        "all", description="Subjects to use, as a list of numbers (1 is CSI1), or `all` (1-4)."
    )
    sessions: dict[SubjectKey, Annotated[int, Field(ge=1, le=99)]] | None = Field(
        None,
        description=(
            "Number of sessions of each subject, the first ones. Empty: as in the simulation, or "
            "as published (15, 15, 15, 9)."
        ),
    )
    regions: Literal["all"] | list[str] = Field(
        "all", description="HCP-MMP1 areas to use, as a list of names (V1, MST, ...), or `all`."
    )
    trial_order: Literal["lists", "events"] = Field(
        "lists",
        description="What says which image was shown when: the presentation lists or BIDS events.",
    )
    beta_type: Literal["A", "B", "C", "D"] = Field(
        "D",
        description=(
            "Kind of betas: A assumed response function, B fitted one, C with denoising, D with "
            "ridge regression as well. The published tables use D."
        ),
    )
    non_finite: Literal["zero", "refuse"] = Field(
        "zero",
        description=(
            "What NaN and infinity in the betas become: 0 as published, with a warning that "
            "counts them, or an error."
        ),
    )
    repetitions: Annotated[int, Field(ge=1, le=255)] | None = Field(
        None,
        description=(
            "How often a subject is shown an image at most; a shift of repetitions is modulo "
            "this. Empty: 2 in a simulation, else as in the real dataset (5)."
        ),
    )
    features: str = Field("features", description=_FEATURES)
    skip_features: list[str] = Field(["*-coco.*"], description=_SKIP_FEATURES)
    assume_row_order: bool = Field(False, description=_ASSUME_ROW_ORDER)
    controls: str = Field("control_matrices", description=_CONTROLS)
    atlas: Literal["supplied", "fsl"] = Field(
        "supplied",
        description=(
            "Where the atlas in functional space comes from: `supplied` as files.atlas, or made "
            "by `fsl` as `registration` says, which needs FSL."
        ),
    )
    registration: Bold5000Registration = Field(
        Bold5000Registration(), description="How the atlas is made, if `atlas` is `fsl`."
    )
    files: Bold5000Files = Field(Bold5000Files(), description="Where the raw files lie.")

    @model_validator(mode="after")
    def _space_of_the_atlas(self) -> Self:
        """Refuse to register an atlas whose space nobody named."""
        if self.atlas == "fsl" and self.registration.atlas_space is None:
            raise ValueError("atlas: fsl needs registration.atlas_space, the atlas's MNI152 space")
        return self


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
    memberships: FixedPath = Field(
        "stimuli/THINGS/27 higher-level categories/category_mat_manual.tsv",
        description="Concepts x 27 higher-level categories, 0 and 1, with a header.",
    )
    tags: FixedPath = Field(
        "stimuli/THINGS/27 higher-level categories/categorization.tsv",
        description="Categories that people named for each concept, a row a concept, no header.",
    )
    stimulus_metadata: SubjectPath = Field(
        "betas_csv/betas_csv/sub-{subject:02d}_StimulusMetadata.csv",
        description="Trials of a subject, in the order of the responses.",
    )
    voxel_metadata: SubjectPath = Field(
        "betas_csv/betas_csv/sub-{subject:02d}_VoxelMetadata.csv",
        description="Voxels of a subject, with their places and areas (glasser-*).",
    )
    responses: SubjectPath = Field(
        "betas_csv/betas_csv/sub-{subject:02d}_ResponseData.h5",
        description="Voxels x trials of a subject.",
    )
    events: FixedPath = Field(
        "events",
        description=(
            "Folder of the BIDS dataset with the events of all runs, "
            "sub-<subject>/ses-*/func/*_events.tsv, used if trial_order is `events`."
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
    subjects: Literal["all"] | list[SubjectNumber] = Field(
        "all", description="Subjects to use, as a list of numbers, or `all` (1-3)."
    )
    regions: Literal["all"] | list[str] = Field(
        "all", description="HCP-MMP1 areas to use, as a list of names (V1, MST, ...), or `all`."
    )
    trial_order: Literal["metadata", "events"] = Field(
        "metadata",
        description=(
            "What says which image was shown when: the stimulus metadata of the table release or "
            "BIDS events."
        ),
    )
    midline: Annotated[float, Field(gt=0)] | dict[SubjectKey, Annotated[float, Field(gt=0)]] = (
        Field(
            36.0,
            description=(
                "First voxel_x of the upper side of the brain, for all subjects or for each: the "
                "middle of the volume."
            ),
        )
    )
    left_side: Literal["lower", "upper"] = Field(
        "lower",
        description=(
            "Side of the midline that is the left hemisphere: `lower` where x runs from left to "
            "right. Checked against the localisers (lFFA, rFFA, ...) in the voxel metadata."
        ),
    )
    hemisphere_numbering: Literal["canonical", "reference"] = Field(
        "canonical",
        description=(
            "`canonical`: regions 1-180 left, 181-360 right. `reference`: the numbers of the "
            "published files, in which voxels below the midline have 181-360, whatever left_side."
        ),
    )
    features: str = Field("features", description=_FEATURES)
    skip_features: list[str] = Field(["*-coco.*"], description=_SKIP_FEATURES)
    assume_row_order: bool = Field(False, description=_ASSUME_ROW_ORDER)
    controls: str = Field("control_matrices", description=_CONTROLS)
    files: ThingsFiles = Field(ThingsFiles(), description="Where the raw files lie.")

    @property
    def sessions(self) -> None:
        """Number of sessions is not a choice: a response table holds them all."""
        return

    @model_validator(mode="after")
    def _midlines_of_subjects(self) -> Self:
        """Refuse midlines that leave out a selected subject."""
        if isinstance(self.midline, dict) and self.subjects != "all":
            absent = sorted(set(self.subjects) - set(self.midline))
            if absent:
                raise ValueError(f"no midline of subject(s) {absent}")
        return self
