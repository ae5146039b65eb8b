"""The regions that a run of a dataset covers: those of HCP-MMP1, or a list of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import pandas as pd

from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_file
from repalign.tables.prepared import JOINED, N_AREAS, REGION_COLUMNS

Hemisphere = Literal["", "lh", "rh"]
Wanted = Literal["all"] | Sequence[str]

_NAME = re.compile(r"[^\W_][^\t\n\r]*")
MAX_REGIONS = 2**16 - 1
"""Published tables keep ids in 16 bits."""


@dataclass(frozen=True)
class Region:
    """A region that a dataset brings.

    Attributes
    ----------
    name : str
        Unique among the regions of one hemisphere.
    area : str
        The group that it is shown with.
    hemisphere : {"", "lh", "rh"}
        Empty where regions cover both, or where there are none, as in a patch of cortex.
    """

    name: str
    area: str = ""
    hemisphere: Hemisphere = ""


@dataclass(frozen=True)
class RegionSet:
    """Regions with their ids, ascending.

    Attributes
    ----------
    rois : tuple of int
        Ids, shape (n_regions,): names of files, and what published tables say of a region.
    joined_ids : tuple of int
        The id of each region once hemispheres are taken together, shape (n_regions,).
    own : tuple of Region
        What the regions are, shape (n_regions,); empty for HCP-MMP1, whose table is known.
    """

    rois: tuple[int, ...]
    joined_ids: tuple[int, ...]
    own: tuple[Region, ...] = ()

    @classmethod
    def of_hcp(cls, areas: Iterable[int]) -> Self:
        """Return both hemispheres of some areas (1-180): left hemispheres, then right ones."""
        chosen = sorted(set(areas))
        return cls((*chosen, *(area + N_AREAS for area in chosen)), (*chosen, *chosen))

    @classmethod
    def of_dataset(cls, regions: Sequence[Region], *, where: str | Path) -> Self:
        """Give a dataset's own regions numbers from 1, in their order.

        Hemispheres of one region have one name; together they go by the smaller id.

        Parameters
        ----------
        regions : sequence of Region
            All that the dataset has, whatever the settings select: ids must not depend on it.
        where : str or Path
            Where they come from, for errors.

        Returns
        -------
        RegionSet
            All of them.

        Raises
        ------
        RepalignError
            If there is none, a name is none or there twice in a hemisphere, or a region has a
            name with and without a hemisphere.
        """
        _check_names(regions, where)
        first: dict[str, int] = {}
        for roi, region in enumerate(regions, start=1):
            first.setdefault(region.name, roi)
        ids = tuple(range(1, len(regions) + 1))
        return cls(ids, tuple(first[region.name] for region in regions), tuple(regions))

    def select(self, wanted: Wanted, *, where: str) -> Self:
        """Return some of a dataset's own regions, under the ids that they have among all.

        Parameters
        ----------
        wanted : "all" or sequence of str
            Names of regions, or of areas, which stand for all of their regions. Hemispheres are
            not part of names.
        where : str
            Key of the settings that says so.

        Returns
        -------
        RegionSet
            Those chosen, in the order of their ids.

        Raises
        ------
        RepalignError
            If a name is not among them, or none is given.
        """
        if wanted == "all":
            return self
        names = {*wanted}
        unknown = sorted(names - {n for region in self.own for n in (region.name, region.area)})
        if unknown or not names:
            known = dict.fromkeys(region.name for region in self.own)
            raise RepalignError(
                f"regions {unknown or 'none'}",
                where=where,
                expected=f"some of {', '.join(known)}, or names of their groups",
                remedy="Correct the names; hemispheres are not part of them.",
            )
        kept = [k for k, r in enumerate(self.own) if {r.name, r.area} & names]
        return type(self)(
            tuple(self.rois[k] for k in kept),
            tuple(self.joined_ids[k] for k in kept),
            tuple(self.own[k] for k in kept),
        )

    @property
    def joined(self) -> list[int]:
        """Return the ids of regions whose hemispheres are taken together, ascending."""
        return sorted({*self.joined_ids})

    def params(self) -> dict[str, Any]:
        """Return what the table of regions is made from, as options of its script.

        All but the ids are empty for HCP-MMP1.
        """
        return {
            "regions": list(self.rois),
            "names": [region.name for region in self.own],
            "areas": [region.area for region in self.own],
            "sides": [region.hemisphere for region in self.own],
            "joined": list(self.joined_ids) if self.own else [],
        }


def _check_names(regions: Sequence[Region], where: str | Path) -> None:
    """Refuse regions that cannot be told apart by name and hemisphere."""
    sides: dict[str, list[str]] = {}
    for region in regions:
        sides.setdefault(region.name, []).append(region.hemisphere)
    found = "" if 0 < len(regions) <= MAX_REGIONS else f"{len(regions)} regions"
    for name, have in sides.items():
        if not _NAME.fullmatch(name):
            found = f"a region named {name!r}"
        elif len({*have}) < len(have) or ("" in have and len(have) > 1):
            found = f"region {name!r} twice"
    if found:
        raise RepalignError(
            found,
            where=where,
            expected="regions with names of their own, each once a hemisphere",
            remedy="Correct the names; they start with a letter or a digit.",
        )


def write_own_regions(
    output: str | Path,
    *,
    rois: Sequence[int],
    names: Sequence[str],
    areas: Sequence[str],
    sides: Sequence[str],
    joined: Sequence[int],
) -> None:
    """Write `prepared/regions.tsv` of a dataset that brings its own regions.

    Parameters
    ----------
    output : str or Path
        The file to make.
    rois, names, areas, sides, joined : sequence, shape (n_regions,)
        The columns roi, name, area, hemisphere and joined.
    """
    columns = {
        "roi": list(rois), "name": list(names), "hemisphere": list(sides), "area": list(areas)
    }  # fmt: skip
    frame = pd.DataFrame({**{name: columns[name] for name in REGION_COLUMNS}, JOINED: joined})
    with atomic_file(output) as temporary:
        frame.to_csv(temporary, sep="\t", index=False, lineterminator="\n")
