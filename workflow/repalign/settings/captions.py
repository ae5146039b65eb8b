"""The settings of captions, short answers and objects."""

from __future__ import annotations

from pydantic import Field

from repalign.settings.section import Section


class CaptionSettings(Section):
    """Captions and short answers about images."""

    max_empty_share: float = Field(
        0.01, ge=0, le=1, description="A larger share of empty captions stops the job."
    )


class ObjectSettings(Section):
    """Objects in the images."""

    threshold: float = Field(
        0.8, ge=0, le=1, description="Detections of less confidence are left out."
    )
