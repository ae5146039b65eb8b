"""The sizes and strengths of a simulated LAION-fMRI."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

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
    null_words: bool = Field(
        True,
        description=(
            "Whether some captions and a noun are words such as `None` and `null`, which table "
            "readers take for missing values. The validator reports them (C7)."
        ),
    )

    @property
    def n_shared(self) -> int:
        """Images that all subjects see."""
        return self.n_shared_laion + self.n_shared_things + self.n_shared_nsd + self.n_shared_ood

    @property
    def n_unique(self) -> int:
        """Images that one subject alone sees."""
        return self.n_unique_laion + self.n_unique_things
