"""The table of the 360 HCP-MMP1 regions: names, numbering, and their grouping into 22 areas."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_file

N_PER_HEMISPHERE = 180
N_GROUPS = 22

HCP_COLUMNS = (
    "roi", "name", "description", "full_name", "other_names", "studies", "atlas", "hemisphere",
    "mne_name", "area", "roi_order", "area_color", "area_id",
)  # fmt: skip
"""Columns of `hcp.csv` after its unnamed index.

`description`, `full_name`, `other_names` and `studies` are there for compatibility and empty: the
published text of them comes from a source without an open licence.
"""

REGION_COLUMNS = (
    "roi",
    "name",
    "hemisphere",
    "area",
    "mne_name",
    "roi_order",
    "area_color",
)
"""Columns of `prepared/regions.tsv`."""


def hcp_table(names_path: str | Path, areas_path: str | Path) -> pd.DataFrame:
    """Make the region table from the names and a grouping.

    Parameters
    ----------
    names_path : str or Path
        TSV with the columns `roi` (1-360, left before right), `hemisphere` (lh, rh) and `name`,
        such as `resources/hcp_mmp1.tsv`.
    areas_path : str or Path
        TSV with the columns `area_id` (0-21), `area`, `colour`, `section` (rank of the area in
        `roi_order`, from 1) and `members` (names, by spaces), such as
        `resources/hcp_mmp1_areas.tsv`.

    Returns
    -------
    DataFrame
        360 rows with the columns `HCP_COLUMNS`. `roi_order` (0-179) ranks by section, then by
        place in `members`; a region and its counterpart in the other hemisphere share it.

    Raises
    ------
    RepalignError
        If the numbering is not 1-360, the hemispheres differ in their names, or the members of
        the areas are not the 180 names, each once.
    """
    names = _read(names_path, ("roi", "hemisphere", "name"))
    groups = _read(areas_path, ("area_id", "area", "colour", "section", "members"))
    _check_names(names, names_path)
    grouping = _grouping(groups, areas_path)
    _check_members(grouping, names["name"].tolist()[:N_PER_HEMISPHERE], areas_path)
    table = names[["roi", "hemisphere", "name"]].merge(grouping, on="name", how="left")
    table["roi"] = table["roi"].astype(np.int64)
    table["atlas"] = table["hemisphere"] + ".HCP_MMP1"
    side = table["hemisphere"].str[0]
    # The annotation of fsaverage has no spaces in its labels and spells one parcel differently.
    spelt = table["name"].str.replace(" ", "").replace({"7Pl": "7PL"})
    table["mne_name"] = side.str.upper() + "_" + spelt + "_ROI-" + table["hemisphere"]
    for name in ("description", "full_name", "other_names", "studies"):
        table[name] = ""
    return table.sort_values("roi", ignore_index=True)[list(HCP_COLUMNS)]


def write_hcp_table(
    names_path: str | Path, areas_path: str | Path, output: str | Path
) -> pd.DataFrame:
    """Write `hcp.csv`, with its unnamed index column; return the table of `hcp_table`."""
    table = hcp_table(names_path, areas_path)
    with atomic_file(output) as temporary:
        table.to_csv(temporary, lineterminator="\n")
    return table


def read_hcp_table(path: str | Path) -> pd.DataFrame:
    """Read `hcp.csv` with the names as text, as parcels such as `1` and `25` need it."""
    text = ("name", "description", "full_name", "other_names", "studies")
    table = pd.read_csv(path, dtype=dict.fromkeys(text, str), keep_default_na=False)
    return table[list(HCP_COLUMNS)]


def regions_table(hcp: pd.DataFrame, selected: Sequence[int]) -> pd.DataFrame:
    """Make `prepared/regions.tsv`.

    Parameters
    ----------
    hcp : DataFrame
        The region table.
    selected : sequence of int
        Region ids (1-360).

    Returns
    -------
    DataFrame
        A row a selected region, ascending: roi, name, hemisphere, area, mne_name, roi_order (for
        display) and area_color.

    Raises
    ------
    RepalignError
        If an id is not in the table.
    """
    unknown = sorted(set(selected) - set(hcp["roi"]))
    if unknown or not len(selected):
        raise RepalignError(
            f"regions {unknown or 'none'}",
            where="nsd.regions",
            expected=f"ids from 1 to {hcp['roi'].max()}",
            remedy="Correct nsd.regions in the settings.",
        )
    chosen = hcp.loc[hcp["roi"].isin(list(selected)), list(REGION_COLUMNS)]
    return chosen.sort_values("roi", ignore_index=True)


def write_regions(hcp: pd.DataFrame, selected: Sequence[int], output: str | Path) -> None:
    """Write `prepared/regions.tsv`: see `regions_table`."""
    table = regions_table(hcp, selected)
    with atomic_file(output) as temporary:
        table.to_csv(temporary, sep="\t", index=False, lineterminator="\n")


def _error(found: str, where: str | Path, expected: str) -> RepalignError:
    remedy = "Restore the file from the repository, or correct your own grouping."
    return RepalignError(found, where=where, expected=expected, remedy=remedy)


def _read(path: str | Path, columns: tuple[str, ...]) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    except (FileNotFoundError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise _error(f"no readable table ({error})", path, f"the columns {columns}") from error
    missing = [name for name in columns if name not in table]
    if missing:
        raise _error(f"no column {missing[0]}", path, f"the columns {', '.join(columns)}")
    return table


def _check_names(names: pd.DataFrame, path: str | Path) -> None:
    n = N_PER_HEMISPHERE
    if names["roi"].tolist() != [str(roi) for roi in range(1, 2 * n + 1)]:
        raise _error("other numbers", f"{path}, column roi", f"1 to {2 * n}, in order")
    if names["hemisphere"].tolist() != ["lh"] * n + ["rh"] * n:
        raise _error("another order", f"{path}, column hemisphere", f"{n} rows lh, then {n} rh")
    left, right = names["name"].tolist()[:n], names["name"].tolist()[n:]
    if left != right or len(set(left)) != n:
        raise _error("hemispheres that differ, or a repeated name", f"{path}, column name",
                     f"the same {n} different names in both hemispheres")  # fmt: skip


def _grouping(groups: pd.DataFrame, path: str | Path) -> pd.DataFrame:
    """Return a row a member: name, area, area_color, area_id, roi_order."""
    for name, first in (("area_id", 0), ("section", 1)):
        expected = [str(k) for k in range(first, N_GROUPS + first)]
        if sorted(groups[name]) != sorted(expected):
            raise _error(f"{groups[name].tolist()}", f"{path}, column {name}",
                         f"{first} to {N_GROUPS + first - 1}, each once")  # fmt: skip
    ordered = groups.assign(section=groups["section"].astype(int)).sort_values("section")
    members = ordered.assign(name=ordered["members"].str.split()).explode("name")
    members = members.rename(columns={"colour": "area_color"})
    members["area_id"] = members["area_id"].astype(np.int64)
    members["roi_order"] = np.arange(len(members))
    return members[["name", "area", "area_color", "area_id", "roi_order"]]


def _check_members(grouping: pd.DataFrame, names: Sequence[str], path: str | Path) -> None:
    members = grouping["name"].tolist()
    wrong = {
        "unknown": sorted(set(members) - set(names)),
        "missing": sorted(set(names) - set(members)),
        "repeated": sorted({name for name in members if members.count(name) > 1}),
    }
    found = "; ".join(f"{kind}: {', '.join(which)}" for kind, which in wrong.items() if which)
    if found:
        raise _error(found, f"{path}, column members", f"the {len(names)} names, each once")
