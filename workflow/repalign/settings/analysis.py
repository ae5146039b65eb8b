"""The settings of comparisons and their nulls, and of what a job may use and keep."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from repalign.settings.section import Section


class RsaSettings(Section):
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
    max_trials: int = Field(
        6000,
        ge=3,
        description=(
            "More matched trials than this in one RDM are refused: RDM vectors of n trials take "
            "2 n² bytes a region (all of THINGS: 35 GB a subject). Shifts and subsets need fewer."
        ),
    )
    trial_sets: Literal["shared", "per_pair"] = Field(
        "shared",
        description=(
            "`shared`: subjects have one common trial order, so RDMs are computed once for all "
            "partners with equally many sessions (checked in every comparison). `per_pair`: for "
            "recordings without a common order."
        ),
    )
    split_halves: int = Field(
        20,
        ge=1,
        le=1000,
        description="Random halves of repetitions that a split-half reliability averages over.",
    )
    drop_same_image_pairs: bool = Field(
        False,
        description=(
            "Leave out pairs of trials that show one image. `false` is the published behaviour; "
            "distances of models between such trials are exactly 0."
        ),
    )


class PermutationSettings(Section):
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


class ResourceSettings(Section):
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
            "Where all-pairs products and permutation nulls are computed, and models run. `cuda`: "
            "on one NVIDIA GPU a job, by PyTorch (`pip install 'repalign[gpu]'`); numbers agree "
            "within 1e-5, and results of the other device are computed again."
        ),
    )


class StorageSettings(Section):
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
