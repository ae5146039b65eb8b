"""The regions of multi-view CCA: single areas, and hubs of several areas taken together."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from repalign.errors import RepalignError

HUBS = {
    "visual_cortex": ("V1", "V2", "V3", "V4"),
    "ventral_hub": ("VMV1", "VMV2", "VMV3", "PHA1", "PHA2", "PHA3"),
    "dorsal_hub": ("MT", "MST", "V4t", "FST", "TPOJ2", "TPOJ3"),
}
"""Areas of each hub."""

AREAS = (
    "MT", "MST", "V4t", "FST", "TPOJ2", "TPOJ3", "PHA1", "PHA2", "PHA3", "VMV1", "VMV2", "VMV3",
    "V1", "V2", "V3", "V4",
)  # fmt: skip
"""Areas that are taken alone, in their published order."""

ROIS = (*AREAS, *HUBS)
"""Everything that components are made of, in the order of the published table."""

HUB_NAMES = {"visual_cortex": "EVC", "ventral_hub": "Ventral", "dorsal_hub": "LOTC"}
"""Names of the hubs in the published table of words."""

COMPONENT_SETS = {"1": (1,), "2": (2,), "1-3": (1, 2, 3)}
"""Components of a hub that are held constant together, by the end of the control's name."""

ANNOTATED_CONTROLS = ("biology", "biology_binary", "scene")
"""Controls that say what is known of the images."""


def control_names(hubs: Sequence[str]) -> list[str]:
    """Return the names of all control matrices that can be computed.

    Parameters
    ----------
    hubs : sequence of str
        Hubs that there are.

    Returns
    -------
    list of str
        In the order of their files.
    """
    components = [f"{hub}_cca_{part}" for hub in hubs for part in COMPONENT_SETS]
    return sorted((*ANNOTATED_CONTROLS, *components), key=lambda name: f"control_{name}.parquet")


def hub_of(roi: str) -> str:
    """Return the hub that an area is in; a hub is in itself."""
    return roi if roi in HUBS else next(hub for hub, areas in HUBS.items() if roi in areas)


def area_regions(regions: pd.DataFrame) -> dict[str, list[int]]:
    """Return the regions of both hemispheres of each area that components are made of.

    Parameters
    ----------
    regions : DataFrame
        As read by `repalign.tables.prepared.read_regions`.

    Returns
    -------
    dict of str to list of int
        Region ids of those of `AREAS` that are there, left before right, in the order of `AREAS`.

    Raises
    ------
    RepalignError
        If none is there.
    """
    ids = {area: regions.loc[regions["name"] == area, "roi"].tolist() for area in AREAS}
    found = {area: sorted(int(roi) for roi in rois) for area, rois in ids.items() if rois}
    if not found:
        raise RepalignError(
            f"regions {', '.join(dict.fromkeys(regions['name']))}",
            where="nsd.regions",
            expected=f"at least one of {', '.join(AREAS)}",
            remedy="Add some of these to nsd.regions, or set it to `all`.",
        )
    return found


def roi_areas(areas: list[str]) -> dict[str, list[str]]:
    """Return what each region of multi-view CCA consists of.

    Parameters
    ----------
    areas : list of str
        Areas that are there.

    Returns
    -------
    dict of str to list of str
        The areas of each of `ROIS` that are there. What has none is left out; a hub may have
        fewer than it should.
    """
    wanted = {area: (area,) for area in AREAS} | HUBS
    found = {roi: [area for area in wanted[roi] if area in areas] for roi in ROIS}
    return {roi: members for roi, members in found.items() if members}
