"""The settings of kernel multi-view CCA."""

from __future__ import annotations

from pydantic import Field

from repalign.settings.section import Section


class KmccaSettings(Section):
    """Kernel multi-view CCA over subjects."""

    regularisation: float = Field(
        0.9, gt=0, le=1, description="Share of the identity in each subject's kernel (kappa)."
    )
