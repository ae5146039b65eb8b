"""The sizes and strengths of simulated mouse scans."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class MouseSimulation(BaseModel):
    """Settings of :func:`repalign.simulate.mouse.simulate_mouse`.

    The same settings give byte-identical files.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(0, ge=0, lt=2**32, description="Seed of everything that is random.")
    n_mice: int = Field(
        3, ge=2, le=9, description="Mice that see grey pictures, beside one of a competition."
    )
    n_color_mice: int = Field(2, ge=1, le=9, description="Mice that see pictures of two colours.")
    n_neurons: int = Field(50, ge=12, le=5000, description="Neurons of a scan, about.")
    n_train: int = Field(40, ge=4, le=9999, description="Pictures shown once, for training.")
    n_validation: int = Field(8, ge=1, le=999, description="Pictures shown once, to validate.")
    n_test: int = Field(16, ge=4, le=999, description="Pictures shown repeatedly, to test.")
    n_repeats: int = Field(6, ge=3, le=99, description="Times that each is shown, as planned.")
    dropped: float = Field(
        0.04, ge=0, le=0.2, description="Share of test trials that are left out as invalid."
    )
    image_shape: tuple[int, int] = Field(
        (18, 32), description="Height and width of a picture, pixels; real ones have 144 and 256."
    )
    n_latent: int = Field(
        6, ge=2, le=30, description="Dimensions of pictures that all mice respond to."
    )
    strength: float = Field(
        0.5, gt=0, le=2, description="Standard deviation of the logarithm of a mean response."
    )

    @model_validator(mode="after")
    def _pictures_hold_the_dimensions(self) -> Self:
        """Refuse pictures that are too small."""
        height, width = self.image_shape
        if min(height, width) < 8 or height * width > 200_000:
            raise ValueError(f"image_shape {height} x {width}; expected 8 x 8 to 200,000 pixels")
        return self
