"""Which regions figures of hierarchy, connectivity and networks show, and their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from repalign.figures.nothing import NothingToShowError
from repalign.figures.regions import PREFIXES
from repalign.figures.rows import Floats
from repalign.tables.hubs import HUB_NAMES, HUBS
from repalign.tables.prepared import region_labels

TOP_30 = (
    "V1", "V2", "V3", "V4", "V8", "V3A", "V3B", "V3CD", "VVC", "VMV3", "VMV2", "VMV1", "PHA1",
    "PHA2", "PHA3", "IP0", "PGp", "DVT", "LO3", "LO2", "PIT", "LO1", "FFC", "PH", "TPOJ3", "V4t",
    "FST", "MST", "MT", "TPOJ2",
)  # fmt: skip
"""The published list of regions of matrices and networks, in its order."""

SIX = ("V1", "V4", "VMV2", "PHA3", "MST", "TPOJ2")
"""Regions with a panel of their own: an early and a late one of each hub."""

HUB_TITLES = {
    "visual_cortex": "Early visual cortex",
    "ventral_hub": "Ventral hub",
    "dorsal_hub": "Lateral occipito-temporal hub",
}


@dataclass(frozen=True)
class Parcels:
    """Regions that are there, by name.

    Attributes
    ----------
    names : dict of int to str
        Name by the id of published tables, ascending.
    areas : dict of int to str
        Group of areas, likewise.
    order : dict of int to int
        Place for display, likewise.
    hemispheres : dict of int to str
        Likewise; empty for regions that join both.
    """

    names: Mapping[int, str]
    areas: Mapping[int, str]
    order: Mapping[int, int]
    hemispheres: Mapping[int, str]

    @classmethod
    def of(cls, regions: pd.DataFrame, *, joined: bool) -> Parcels:
        """Return the regions of a prepared dataset.

        Parameters
        ----------
        regions : DataFrame
            As read by `repalign.tables.prepared.read_regions`.
        joined : bool
            Whether both hemispheres form one region.
        """
        labels = region_labels(regions, joined=joined)
        ids = [int(roi) for roi in labels.index]
        order = labels["roi_order"].astype(int).tolist() if "roi_order" in labels else ids
        sides = [""] * len(ids) if joined else labels["hemisphere"].tolist()
        return cls(
            dict(zip(ids, labels["name"].tolist(), strict=True)),
            dict(zip(ids, labels["area"].tolist(), strict=True)),
            dict(zip(ids, order, strict=True)),
            dict(zip(ids, sides, strict=True)),
        )

    @property
    def rois(self) -> list[int]:
        """Return all ids, ascending."""
        return list(self.names)

    def find(self, wanted: Sequence[str], hemisphere: str | None = None) -> list[int]:
        """Return the ids of the names that are there, in the order of the names.

        Parameters
        ----------
        wanted : sequence of str
            Names of areas.
        hemisphere : {'lh', 'rh'}, optional
            Of regions that do not join both; by default left regions, then right ones.
        """
        by_name = {(self.hemispheres[roi], name): roi for roi, name in self.names.items()}
        sides = sorted(set(self.hemispheres.values())) if hemisphere is None else [hemisphere]
        return [
            by_name[side, name] for side in sides for name in wanted if (side, name) in by_name
        ]

    def label(self, roi: int) -> str:
        """Return the name of a region with that of its hemisphere, where it is in one alone."""
        return PREFIXES.get(self.hemispheres[roi], "") + self.names[roi]

    def require(
        self, wanted: Sequence[str], least: int, hemisphere: str | None = None
    ) -> list[int]:
        """Return the ids of names, of which some must be there.

        Raises
        ------
        RepalignError
            If fewer than `least` are.
        """
        found = self.find(wanted, hemisphere)
        if len(found) < least:
            raise NothingToShowError(
                f"{len(found)} of the regions that this figure shows",
                where="regions.tsv",
                expected=f"at least {least} of {', '.join(wanted)}",
                remedy="Select more regions in the settings, for example `regions: all`.",
            )
        return found

    def hubs(self) -> dict[str, list[int]]:
        """Return the ids of the regions of each hub, both hemispheres, by the name of the hub.

        Hubs without a region are left out.
        """
        found = {hub: self.find(names) for hub, names in HUBS.items()}
        return {hub: rois for hub, rois in found.items() if rois}

    def groups(self) -> dict[str, list[int]]:
        """Return the ids of each group of areas, in display order."""
        groups: dict[str, list[int]] = {}
        for roi in sorted(self.names, key=lambda roi: (self.order[roi], roi)):
            groups.setdefault(self.areas[roi], []).append(roi)
        return groups

    def hub_name(self, roi: int) -> str:
        """Return the short name of the hub of a region, empty where it is in none."""
        found = (HUB_NAMES[hub] for hub, names in HUBS.items() if self.names[roi] in names)
        return next(found, "")


def strongest(rois: Sequence[int], values: Floats, count: int) -> list[int]:
    """Return the ids with the largest values, the largest first, those without a value left out.

    Parameters
    ----------
    rois : sequence of int
        Ids, shape (n_rois,).
    values : ndarray, shape (n_rois,)
        A value of each; NaN where undefined.
    count : int
        How many at most.
    """
    order = np.argsort(np.where(np.isnan(values), np.inf, -values), kind="stable")[:count]
    return [rois[k] for k in order if not np.isnan(values[k])]
