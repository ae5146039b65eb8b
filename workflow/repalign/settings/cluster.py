"""The settings of jobs on a cluster."""

from __future__ import annotations

from pydantic import Field

from repalign.settings.section import Section


class ClusterSettings(Section):
    """What jobs of a cluster ask for beside what their scripts need; no result depends on it."""

    snakemake_mb: int = Field(
        600,
        ge=0,
        description=(
            "Memory in MiB that every submitted job asks for on top: Snakemake runs inside of it, "
            "with the Slurm executor twice."
        ),
    )
    most_memory_mb: int | None = Field(
        None,
        ge=1000,
        description=(
            "The most memory in MiB that a job asks for, however often it was killed: what the "
            "largest node has. `null`: no limit."
        ),
    )
    most_minutes: int | None = Field(
        None,
        ge=10,
        description=(
            "The longest time in minutes that a job asks for, however often it was killed: the "
            "limit of the partition, beyond which jobs would wait for ever. `null`: no limit."
        ),
    )
