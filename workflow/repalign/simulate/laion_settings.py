"""The sizes and strengths of a simulated LAION-fMRI."""

from __future__ import annotations

import math
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from repalign.simulate.settings import N_COMPONENTS
from repalign.tables.laion_layout import OOD_CATEGORIES


class LaionSimulation(BaseModel):
    """Settings of :func:`repalign.simulate.laion.simulate_laion`.

    The same settings give byte-identical files with the same version of Pillow.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(0, ge=0, lt=2**32, description="Seed of everything that is random.")
    image_size: int = Field(
        64, ge=48, le=1024, multiple_of=16, description="Width and height of an image, pixels."
    )
    n_sessions: int = Field(6, ge=1, le=30, description="Scan sessions of every subject.")
    n_shared_laion: int = Field(
        12, ge=2, description="Images of LAION that all subjects see, twelve times."
    )
    n_shared_things: int = Field(
        6, ge=1, description="Images of THINGSplus that all subjects see, twelve times."
    )
    n_shared_nsd: int = Field(
        6, ge=1, description="Images of NSD that all subjects see, four times."
    )
    n_shared_ood: int = Field(
        10,
        ge=len(OOD_CATEGORIES),
        description="Out-of-distribution images that all subjects see, four times.",
    )
    n_unique_laion: int = Field(
        6, ge=1, description="Images of LAION that one subject alone sees, four times."
    )
    n_unique_things: int = Field(
        3, ge=2, description="Images of THINGS and THINGSplus that one subject alone sees."
    )
    n_runs: int = Field(2, ge=1, le=99, description="Runs in a session.")
    n_short: int = Field(
        3, ge=0, le=20, description="Images that one of the subjects sees once less than planned."
    )
    volume_shape: tuple[int, int, int] = Field(
        (12, 14, 11),
        description="Voxels along x, y, z for subject 1; other subjects differ by up to 2.",
    )
    region_voxels: tuple[int, int] = Field(
        (14, 24), description="Smallest and largest voxel count of a region that is no union."
    )
    null_words: bool = Field(
        True,
        description=(
            "Whether some captions and a noun are words such as `None` and `null`, which table "
            "readers take for missing values. The validator reports them (C7)."
        ),
    )

    @model_validator(mode="after")
    def _regions_fit(self) -> Self:
        """Refuse regions that are larger than the brain, with the numbers."""
        smallest, largest = self.region_voxels
        room = int(0.4 * math.prod(self.volume_shape))
        if not N_COMPONENTS < smallest <= largest or 8 * largest > room:
            raise ValueError(
                f"region_voxels {self.region_voxels}: more than {N_COMPONENTS}, and 8 times the "
                f"largest within the {room} voxels of a brain of volume_shape {self.volume_shape}"
            )
        return self

    @property
    def n_components(self) -> int:
        """Latent features of each family."""
        return N_COMPONENTS

    @property
    def n_shared(self) -> int:
        """Images that all subjects see."""
        return self.n_shared_laion + self.n_shared_things + self.n_shared_nsd + self.n_shared_ood
