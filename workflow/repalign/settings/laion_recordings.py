"""The settings of the recordings of LAION-fMRI: where they lie and how they are prepared."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from repalign.settings.nsd import SubjectKey, SubjectNumber
from repalign.settings.section import FixedPath, Section, SessionPath, SubjectPath

_GLM = "derivatives/glmsingle-tedana/sub-{subject:02d}/"
_SESSION = _GLM + "ses-{session:02d}/func/sub-{subject:02d}_ses-{session:02d}_task-images_"
_SUBJECT = _GLM + "sub-{subject:02d}_task-images_space-T1w_"


def _in_per_cent(value: float) -> float:
    """Refuse what can only be a fraction of 1."""
    if 0 < value < 1:
        raise ValueError(f"{value} per cent keeps almost every voxel; write {100 * value:g}")
    return value


PerCent = Annotated[float, Field(ge=0, lt=100), AfterValidator(_in_per_cent)]


class LaionFiles(Section):
    """Where the recordings of LAION-fMRI lie below `laion.raw`."""

    trials: SessionPath = Field(
        _SESSION + "desc-SingletrialBetas_trials.tsv",
        description="Trials of a session: session, run, beta_index (volume), label (image name).",
    )
    betas: SessionPath = Field(
        _SESSION + "space-T1w_stat-effect_desc-SingletrialBetas_statmap.nii.gz",
        description="Single-trial responses of a session, a volume a trial.",
    )
    brain: SubjectPath = Field(
        _SUBJECT + "stat-rsquare_desc-R2mean_statmap.nii.gz",
        description="Mean R² of a subject's models of responses, which says where the brain is.",
    )
    ceiling: SubjectPath = Field(
        _SUBJECT + "desc-NoiseceilingAllrep_statmap.nii.gz",
        description="Noise ceilings across sessions, 0 to 100, that `min_ceiling` looks at.",
    )
    regions: FixedPath = Field(
        "derivatives/rois",
        description=(
            "Folder of the region masks, sub-<subject>/<category>/sub-<subject>_space-T1w_"
            "res-1pt8_label-<region>_mask.nii.gz."
        ),
    )
    splits: str = Field(
        "splits",
        description=(
            "Folder of the train-test splits that come with the public client, <pool>/<name>.json;"
            " relative to `raw`, or an absolute path."
        ),
    )


class LaionRecordings(Section):
    """How the recordings of LAION-fMRI are prepared. A base of its section of the settings."""

    subjects: Literal["all"] | list[SubjectNumber] = Field(
        "all", description="Subjects to use, as a list of numbers, or `all` (1, 3, 5, 6, 7)."
    )
    sessions: dict[SubjectKey, Annotated[int, Field(ge=1, le=99)]] | None = Field(
        None,
        description=(
            "Number of sessions of each subject, the first ones. Empty: as in the simulation, or "
            "as published (30)."
        ),
    )
    regions: Literal["all"] | list[str] = Field(
        "all",
        description=(
            "Regions to use, as a list of names of masks (V1v, FFA1, ...) or of their categories "
            "(face, retinotopic, ...), or `all`."
        ),
    )
    brain: Literal["nonzero", "positive"] = Field(
        "nonzero",
        description=(
            "Voxels of the brain, by their mean R²: `nonzero` as the public client takes them, "
            "negative ones included, or `positive`."
        ),
    )
    min_ceiling: PerCent = Field(
        0.0,
        description=(
            "Voxels of a region with a smaller noise ceiling than this are left out, in per cent: "
            "20, not 0.2. 0 keeps all, and needs no map of ceilings."
        ),
    )
    standardise: Literal["session", "none"] = Field(
        "session",
        description=(
            "`session`: responses of a voxel have mean 0 and standard deviation 1 in each session,"
            " as is needed before they are averaged over sessions. `none`: as they are stored."
        ),
    )
    short_images: Literal["drop", "keep"] = Field(
        "drop",
        description=(
            "What comparisons of subjects do with images that some subject saw less often than "
            "planned. `keep` them where only some of the sessions are used."
        ),
    )
    showings: Annotated[int, Field(ge=1, le=255)] = Field(
        4,
        description=(
            "Showings of an image that take part where single trials of subjects are compared: "
            "the first ones. Means over showings take them all."
        ),
    )
    noun: str = Field(
        "person",
        min_length=1,
        description=(
            "Noun of the segmentations that parts shared images into those with and without it."
        ),
    )
    features: str = Field(
        "features",
        description=(
            "Folder of features of further models, one .h5 or .pt file a model; relative to "
            "`raw`, or an absolute path. The four embeddings take part in any case."
        ),
    )
    skip_features: list[str] = Field(
        [], description="Patterns of feature files that are left out."
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
            "Folder of control tables (control_<name>.parquet) for partial RSA; relative to `raw`,"
            " or an absolute path."
        ),
    )
    files: LaionFiles = Field(LaionFiles(), description="Where the recordings lie.")
