"""The sizes and strengths of a simulated Natural Scenes Dataset, and of any simulated brain."""

from __future__ import annotations

import math
from typing import Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

SIMULATOR_VERSION = "1"
"""Changes whenever the same settings and seed would give other bytes."""

N_REPETITIONS = 3
"""Every image is planned three times in every subject that sees it, as in NSD."""

N_AREAS = 180
"""Areas a hemisphere in the HCP-MMP1 atlas."""

N_PLANTED = 45
"""Areas with a planted signal."""

MNI_SHAPE = (182, 218, 182)
"""The whole grid of NSD's volumes in MNI space, 1 mm."""

UNITS_PER_PERCENT = 300
"""NSD stores percent signal change times 300 as int16."""

N_COMPONENTS = 6
"""Dimensions of each latent feature space."""


class BrainSettings(Protocol):
    """What the simulation of brains needs to know, whatever the dataset."""

    @property
    def seed(self) -> int:
        """Seed of everything that is random."""

    @property
    def volume_shape(self) -> tuple[int, int, int]:
        """Voxels along x, y, z for subject 1."""

    @property
    def voxels_per_region(self) -> tuple[int, int]:
        """Smallest and largest voxel count of one area in one hemisphere."""

    @property
    def beta_sd(self) -> float:
        """Standard deviation of a voxel's response."""

    @property
    def noise_df(self) -> float:
        """Degrees of freedom of the trial noise."""

    @property
    def offset_share(self) -> float:
        """Share of variance of the session offsets of a voxel."""

    @property
    def dead_fraction(self) -> float:
        """Share of cortical voxels without a response."""


def room_of(volume_shape: tuple[int, int, int]) -> float:
    """Return how many voxels of a hemisphere fit into a volume.

    Half of an ellipsoid that fills the box, less the gap between the hemispheres.
    """
    return math.pi / 12 * math.prod(size - 2 for size in volume_shape) * 0.9


def check_regions_fit(
    volume_shape: tuple[int, int, int], voxels_per_region: tuple[int, int]
) -> None:
    """Refuse regions too small to carry the features or too large for the volume.

    Raises
    ------
    ValueError
        With the numbers.
    """
    smallest, largest = voxels_per_region
    if not N_COMPONENTS + 2 <= smallest <= largest:
        raise ValueError(
            f"voxels_per_region {voxels_per_region}: the smallest must be at least "
            f"{N_COMPONENTS + 2} and not above the largest"
        )
    room = room_of(volume_shape)
    needed = N_AREAS * (smallest + largest) / 2
    if min(volume_shape) < 8 or needed * 1.15 > room:
        raise ValueError(
            f"volume_shape {volume_shape} has room for about {room:.0f} voxels a "
            f"hemisphere; voxels_per_region {voxels_per_region} needs {needed * 1.15:.0f}"
        )


class FunctionalSimulation(BaseModel):
    """Settings of the simulated 1.8 mm volumes of NSD."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    volume_shape: tuple[int, int, int] = Field(
        (18, 20, 18),
        description="Voxels along x, y, z for subject 1; other subjects differ by up to 2.",
    )
    voxels: tuple[int, int, int] = Field(
        (40, 12, 2),
        description=(
            "Voxels of V1, of any other area with a signal, and of an area without, in one "
            "hemisphere. V2, V3 and V4 have 1, 0.8 and 0.6 times as many as V1."
        ),
    )

    @model_validator(mode="after")
    def _areas_fit(self) -> Self:
        first, other, empty = self.voxels
        if not N_COMPONENTS + 4 <= other <= first or empty < 1:
            raise ValueError(
                f"voxels {self.voxels}: the second must be at least {N_COMPONENTS + 4} and not "
                "above the first, the third at least 1"
            )
        needed = 3.4 * first + (N_PLANTED - 4) * other + (N_AREAS - N_PLANTED) * empty
        room = room_of(self.volume_shape)
        if min(self.volume_shape) < 8 or needed * 1.15 > room:
            raise ValueError(
                f"volume_shape {self.volume_shape} has room for about {room:.0f} voxels a "
                f"hemisphere; voxels {self.voxels} needs {needed * 1.15:.0f}"
            )
        return self


class MniSimulation(BaseModel):
    """Settings of the simulated 1 mm volumes of NSD in MNI space."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    volume_shape: tuple[int, int, int] = Field(
        (18, 18, 18),
        description="Voxels along x, y, z: a piece of the whole grid of 182 x 218 x 182.",
    )
    corner: tuple[int, int, int] = Field(
        (119, 53, 51),
        description=(
            "Where the piece begins in the whole grid. The default is in the left occipital and "
            "temporal cortex, mostly grey matter."
        ),
    )

    @model_validator(mode="after")
    def _piece_fits(self) -> Self:
        edges = zip(self.corner, self.volume_shape, MNI_SHAPE, strict=True)
        if min(self.volume_shape) < 9 or any(a < 0 or a + n > whole for a, n, whole in edges):
            raise ValueError(
                f"a piece of {self.volume_shape} from {self.corner}: it must lie in "
                f"{MNI_SHAPE} and have at least 9 voxels a side"
            )
        return self


class NsdSimulation(BaseModel):
    """Settings of :func:`repalign.simulate.simulate_nsd`.

    The same settings give byte-identical files.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(0, ge=0, lt=2**32, description="Seed of everything that is random.")
    sessions: tuple[int, ...] = Field(
        (6, 6, 5, 4, 6, 5, 6, 4),
        min_length=1,
        max_length=8,
        description="Scan sessions that each subject completed; one number a subject.",
    )
    n_planned_sessions: int = Field(
        6, ge=1, le=99, description="Sessions in the experimental design, done or not."
    )
    n_trials_per_session: int = Field(60, ge=2, le=1500, description="Trials in a session.")
    n_runs: int = Field(4, ge=1, description="Runs in a session.")
    n_slots: int = Field(18, ge=1, description="Trial slots in a run; unused ones are blank.")
    n_shared: int = Field(80, ge=1, description="Images that all subjects see.")
    image_size: int = Field(
        128, ge=32, le=1024, multiple_of=16, description="Width and height of an image, pixels."
    )
    volume_shape: tuple[int, int, int] = Field(
        (30, 36, 30),
        description="Voxels along x, y, z for subject 1; other subjects differ by up to 2.",
    )
    voxels_per_region: tuple[int, int] = Field(
        (12, 30),
        description="Smallest and largest voxel count of one area in one hemisphere.",
    )
    beta_sd: float = Field(
        1.5,
        gt=0,
        le=20,
        description="Standard deviation of a voxel's response, percent signal change.",
    )
    noise_df: float = Field(
        4.0, gt=2, description="Degrees of freedom of the Student t trial noise."
    )
    offset_share: float = Field(
        0.01, ge=0, le=0.2, description="Share of variance of the session offsets of a voxel."
    )
    dead_fraction: float = Field(
        0.01, ge=0, le=0.1, description="Share of cortical voxels that are 0 in every trial."
    )
    compression_level: int = Field(1, ge=0, le=9, description="Gzip level of the volumes.")
    beside_share: float = Field(
        0.3,
        ge=0,
        le=1,
        description=(
            "Share of the pictures in which COCO lists objects beside the square that NSD shows."
        ),
    )
    func1pt8mm: FunctionalSimulation = Field(
        FunctionalSimulation(), description="The same responses in volumes of 1.8 mm."
    )
    mni: MniSimulation = Field(
        MniSimulation(), description="The same responses in MNI space, 1 mm."
    )

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        """Refuse sizes that contradict each other, with the numbers."""
        if not all(1 <= done <= self.n_planned_sessions for done in self.sessions):
            raise ValueError(
                f"sessions {self.sessions}: each must be 1 to n_planned_sessions "
                f"({self.n_planned_sessions})"
            )
        if self.n_planned_trials % N_REPETITIONS:
            raise ValueError(
                f"n_planned_sessions x n_trials_per_session is {self.n_planned_trials}; it must "
                f"be a multiple of {N_REPETITIONS}, because every image is shown so often"
            )
        if self.n_images_per_subject < 2:
            raise ValueError(
                f"{self.n_images_per_subject} image a subject; plan at least 6 trials"
            )
        if self.n_shared > self.n_images_per_subject:
            raise ValueError(
                f"n_shared is {self.n_shared}, but a subject sees only "
                f"{self.n_images_per_subject} images (planned trials / {N_REPETITIONS})"
            )
        longest_run = math.ceil(self.n_trials_per_session / self.n_runs)
        if longest_run > self.n_slots:
            raise ValueError(
                f"{self.n_trials_per_session} trials in {self.n_runs} runs need {longest_run} "
                f"slots a run; n_slots is {self.n_slots}"
            )
        check_regions_fit(self.volume_shape, self.voxels_per_region)
        return self

    @property
    def n_subjects(self) -> int:
        """Number of subjects."""
        return len(self.sessions)

    @property
    def n_planned_trials(self) -> int:
        """Trials of the whole design of one subject."""
        return self.n_planned_sessions * self.n_trials_per_session

    @property
    def n_images_per_subject(self) -> int:
        """Different images that one subject is planned to see."""
        return self.n_planned_trials // N_REPETITIONS

    @property
    def n_images(self) -> int:
        """Images of the dataset: the shared ones once, and each subject's own."""
        return self.n_shared + self.n_subjects * (self.n_images_per_subject - self.n_shared)
