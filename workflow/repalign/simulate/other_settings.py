"""The sizes and strengths of a simulated BOLD5000 and THINGS-fMRI."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from repalign.simulate.settings import check_regions_fit


class _Brains(BaseModel):
    """What every simulated dataset with brains has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(0, ge=0, lt=2**32, description="Seed of everything that is random.")
    image_size: int = Field(
        64, ge=32, le=1024, multiple_of=16, description="Width and height of an image, pixels."
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
        1.5, gt=0, le=20, description="Standard deviation of a voxel's response."
    )
    noise_df: float = Field(
        4.0, gt=2, description="Degrees of freedom of the Student t trial noise."
    )
    offset_share: float = Field(
        0.01, ge=0, le=0.2, description="Share of variance of the session offsets of a voxel."
    )

    @model_validator(mode="after")
    def _brains_fit(self) -> Self:
        check_regions_fit(self.volume_shape, self.voxels_per_region)
        return self


class Bold5000Simulation(_Brains):
    """Settings of :func:`repalign.simulate.bold5000.simulate_bold5000`.

    The same settings give byte-identical files with the same version of Pillow.
    """

    sessions: tuple[int, ...] = Field(
        (3, 3, 3, 2),
        min_length=1,
        max_length=9,
        description="Scan sessions of each subject, at most as many as the first one has.",
    )
    n_runs: int = Field(2, ge=1, le=99, description="Runs in a session.")
    n_trials_per_run: int = Field(15, ge=1, le=250, description="Trials in a run.")
    n_repeated: int = Field(
        6, ge=0, description="Images that the first subject sees twice; all others once."
    )
    dead_fraction: float = Field(
        0.01, ge=0, le=0.1, description="Share of cortical voxels that are NaN in every trial."
    )
    compression_level: int = Field(1, ge=0, le=9, description="Gzip level of the volumes.")

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        """Refuse sizes that contradict each other, with the numbers."""
        if not all(1 <= done <= self.sessions[0] <= 99 for done in self.sessions):
            raise ValueError(
                f"sessions {self.sessions}: each must be 1 to that of the first subject, below 100"
            )
        if self.n_images < max(self.n_repeated, 9):
            raise ValueError(
                f"{self.n_trials} trials, {self.n_repeated} of them repetitions, show "
                f"{self.n_images} images; at least 9, and as many as n_repeated, are needed"
            )
        return self

    @property
    def n_trials(self) -> int:
        """Trials of the first subject."""
        return self.sessions[0] * self.n_runs * self.n_trials_per_run

    @property
    def n_images(self) -> int:
        """Different images that the first subject sees, and with it all others."""
        return self.n_trials - self.n_repeated


class ThingsSimulation(_Brains):
    """Settings of :func:`repalign.simulate.things.simulate_things`.

    The same settings give byte-identical files with the same version of Pillow.
    """

    n_subjects: int = Field(3, ge=1, le=9, description="Subjects.")
    n_sessions: int = Field(3, ge=1, le=99, description="Scan sessions of every subject.")
    n_runs: int = Field(2, ge=1, le=99, description="Runs in a session.")
    n_concepts: int = Field(24, ge=3, le=79, description="Concepts, each with its own folder.")
    n_images_per_concept: int = Field(4, ge=1, le=99, description="Pictures of a concept.")
    n_test: int = Field(
        10, ge=0, description="Images that every session shows; most others are shown once."
    )
    n_train_per_session: int = Field(
        26, ge=1, description="Images in a session that no other session shows."
    )
    n_catch_per_run: int = Field(
        2, ge=0, description="Catch trials in a run: in the events, but without responses."
    )

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        """Refuse sizes that contradict each other, with the numbers."""
        shown = self.n_sessions * self.n_train_per_session + self.n_test
        if shown > self.n_images:
            raise ValueError(
                f"{self.n_sessions} sessions of {self.n_train_per_session} train images and "
                f"{self.n_test} test images need {shown} images; {self.n_concepts} concepts of "
                f"{self.n_images_per_concept} have {self.n_images}"
            )
        if self.n_runs > self.n_trials_per_session:
            raise ValueError(f"{self.n_trials_per_session} trials in {self.n_runs} runs")
        return self

    @property
    def n_images(self) -> int:
        """Pictures in all."""
        return self.n_concepts * self.n_images_per_concept

    @property
    def n_trials_per_session(self) -> int:
        """Trials of a session that have responses."""
        return self.n_train_per_session + self.n_test

    @property
    def dead_fraction(self) -> float:
        """Share of voxels without a response: none, as in the table release."""
        return 0.0
