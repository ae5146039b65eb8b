"""The settings: every key with its meaning, bounds and default, checked before any job runs."""

from __future__ import annotations

import string
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from repalign.simulate.settings import NsdSimulation

SubjectNumber = Annotated[int, Field(ge=1, le=99)]
# Keys of a mapping arrive as text where settings are passed on to a cluster job.
SubjectKey = Annotated[int, Field(ge=1, le=99, strict=False)]


def _template(**entities: int) -> AfterValidator:
    """Return a check that a path template has no other placeholders than some entities."""
    allowed = ", ".join(f"{{{name}}}" for name in entities) or "no placeholders"

    def check(text: str) -> str:
        try:
            names = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
            unknown = sorted(names - set(entities))
            text.format_map(dict.fromkeys(unknown, 1) | entities)
        except (ValueError, LookupError, AttributeError, TypeError) as error:
            raise ValueError(f"not a path template ({error}); allowed: {allowed}") from error
        if unknown:
            found = ", ".join(f"{{{name}}}" for name in unknown)
            raise ValueError(f"unknown placeholder {found}; allowed: {allowed}")
        return text

    return AfterValidator(check)


FixedPath = Annotated[str, _template()]
SubjectPath = Annotated[str, _template(subject=1)]
SessionPath = Annotated[str, _template(subject=1, session=1)]
RegionPath = Annotated[str, _template(subject=1, roi=1)]


class _Section(BaseModel):
    """A section of the settings: unknown keys are refused, values are not coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class NsdFiles(_Section):
    """Where each raw file of NSD lies below `nsd.raw`, with `{subject}` and `{session}`."""

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
    objects: FixedPath = Field(
        "annotations/coco_objects_annotations.csv",
        description="Objects in the images (nsd_id, supercategory), for animate and inanimate.",
    )


class RoiMatrices(_Section):
    """Where ready-made region matrices lie below `nsd.raw` when `nsd.layout` is `roi_matrices`."""

    responses: RegionPath = Field(
        "betas/sub{subject:02d}/sub-{subject:02d}_roi-{roi:03d}.npy",
        description="Trials x voxels of one subject and region (1-360), int16 or float.",
    )
    stimuli: FixedPath = Field(
        "nsd_stimuli.csv", description="Trials in the published layout of nsd_stimuli.csv."
    )


class NsdSettings(_Section):
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
            "`raw`, or an absolute path."
        ),
    )
    files: NsdFiles = Field(NsdFiles(), description="Where each raw file lies.")
    roi_matrices: RoiMatrices = Field(RoiMatrices(), description="Where ready-made matrices lie.")


class RsaSettings(_Section):
    """Representational similarity analysis."""

    clip_quantile: float = Field(
        0.003,
        ge=0,
        lt=0.5,
        description=(
            "Responses are clipped at this quantile and at one minus it, over all values of a "
            "region's selected trials. 0 clips nothing."
        ),
    )
    spearman_ties: Literal["average", "ordinal"] = Field(
        "average",
        description=(
            "Ranks of equal distances. `average` gives the textbook Spearman; `ordinal` is the "
            "published behaviour (ties in order of appearance)."
        ),
    )
    min_trials: int = Field(
        3, ge=3, description="Fewer matched trials than this give NaN and a warning."
    )
    trial_sets: Literal["shared", "per_pair"] = Field(
        "shared",
        description=(
            "`shared`: subjects have one common trial order, so RDMs are computed once for all "
            "partners with equally many sessions (checked in every comparison). `per_pair`: for "
            "recordings without a common order."
        ),
    )
    drop_same_image_pairs: bool = Field(
        False,
        description=(
            "Leave out pairs of trials that show one image. `false` is the published behaviour; "
            "distances of models between such trials are exactly 0."
        ),
    )


class PermutationSettings(_Section):
    """Permutation nulls. The number of draws stands in the catalogue, file by file."""

    seed: int = Field(0, ge=0, lt=2**32, description="Seed of all draws.")
    scheme: Literal["cyclic", "independent"] = Field(
        "cyclic",
        description=(
            "`cyclic`: as many draws as there are trials at once, a thousand times faster. "
            "`independent`: one at a time, as published."
        ),
    )
    unit: Literal["trial", "image"] = Field(
        "trial",
        description=(
            "`trial` is the published behaviour; `image` keeps the repetitions of an image "
            "together and draws independently."
        ),
    )


class ResourceSettings(_Section):
    """What a job may use."""

    memory_mb: int = Field(
        4096, ge=512, description="Memory of one job in MiB; large arrays are streamed within it."
    )
    threads: int = Field(
        1,
        ge=1,
        description=(
            "BLAS threads of one heavy job. More threads can change the last digits, so results "
            "are byte-identical only between runs with the same value."
        ),
    )
    device: Literal["cpu", "cuda"] = Field(
        "cpu",
        description=(
            "Where all-pairs products and permutation nulls are computed. `cuda`: on one NVIDIA "
            "GPU a job, by PyTorch (`pip install 'repalign[gpu]'`); numbers agree within 1e-5, "
            "and results of the other device are computed again."
        ),
    )


class StorageSettings(_Section):
    """Which intermediate files are kept for later runs."""

    keep_sessions: bool = Field(
        True,
        description=(
            "Keep the extracted sessions (real NSD: 213 GB), so that a changed session costs one "
            "extraction. `false` deletes them once a subject is gathered."
        ),
    )
    keep_rdms: bool = Field(
        True,
        description=(
            "Keep RDM vectors (real NSD: about 90 GB for shift 1 joined), so that a changed "
            "subject costs only its own RDMs. `false` deletes them after their last use."
        ),
    )


class SimulateSettings(_Section):
    """Simulated datasets, made by `repalign simulate`."""

    nsd: NsdSimulation = Field(NsdSimulation(), description="Sizes and seed of the simulated NSD.")


class Settings(_Section):
    """All settings of the workflow."""

    nsd: NsdSettings = Field(NsdSettings(), description="The Natural Scenes Dataset.")
    rsa: RsaSettings = Field(RsaSettings(), description="Representational similarity analysis.")
    permutation: PermutationSettings = Field(PermutationSettings(), description="Null draws.")
    identity: Literal["quick", "full"] = Field(
        "quick",
        description=(
            "How raw files are recognised. `quick`: files over 64 MiB by size and 64 blocks, "
            "which for compressed recordings includes the checksum of their content. `full`: "
            "every byte."
        ),
    )
    resources: ResourceSettings = Field(ResourceSettings(), description="Limits of a job.")
    storage: StorageSettings = Field(StorageSettings(), description="Intermediate files.")
    simulate: SimulateSettings = Field(SimulateSettings(), description="Simulated datasets.")
