"""The settings of maps on the flattened cortex."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from repalign.settings.section import Section, template


def _both_hemispheres(text: str) -> str:
    """Refuse a path that is the same for both hemispheres."""
    if "{hemisphere" not in text:
        raise ValueError("a path without {hemisphere}, which stands for lh and rh")
    return text


class MapSettings(Section):
    """Maps of regions on the flattened cortex of fsaverage5."""

    parcellation: Annotated[str, template(hemisphere="lh"), AfterValidator(_both_hemispheres)] = (
        Field(
            "freesurfer/fsaverage/label/{hemisphere}.HCP_MMP1.mgz",
            description=(
                "HCP-MMP1 on the surface of fsaverage: numbers of areas (.mgz), as in NSD's "
                "bucket below nsddata/, or an annotation (.annot), such as "
                "/data/{hemisphere}.HCP-MMP1.annot. `{hemisphere}` becomes lh and rh; relative to "
                "`nsd.raw`, or an absolute path. Without it there are no maps."
            ),
        )
    )
    level: float = Field(
        0.05,
        gt=0,
        le=1,
        description=(
            "False discovery rate up to which a region is shown; the others are grey. 1 shows all."
        ),
    )
