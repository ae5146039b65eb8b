"""How regions are shown: their labels, colours, groups and order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.colors import to_hex

from repalign.errors import RepalignError
from repalign.tables.prepared import joined_ids

HEMISPHERES = {"lh": "left hemisphere", "rh": "right hemisphere"}
PREFIXES = {"lh": "L ", "rh": "R "}


@dataclass(frozen=True)
class Group:
    """Neighbouring regions of one group of areas and one hemisphere: positions start to stop."""

    name: str
    hemisphere: str
    color: str
    start: int
    stop: int

    @property
    def middle(self) -> float:
        """Return the centre of the group, where region k covers k - 0.5 to k + 0.5."""
        return (self.start + self.stop - 1) / 2


@dataclass(frozen=True)
class Region:
    """One region as it is drawn; `index` is its position in the ids that were asked for."""

    index: int
    roi: int
    label: str
    hemisphere: str
    group: str
    color: str


def arrange(
    regions: pd.DataFrame, rois: Sequence[int], *, joined: bool, where: str | Path = "regions.tsv"
) -> list[Region]:
    """Put regions in the order in which they are drawn.

    Left before right hemisphere, then groups of areas, then regions: by `roi_order` where the
    table has it, else by id, groups in the order of their first region. A table without
    `area_color` gets colours of its own.

    Parameters
    ----------
    regions : DataFrame
        As read by `repalign.tables.prepared.read_regions`.
    rois : sequence of int
        Region ids of the alignment table, ascending, shape (n_rois,).
    joined : bool
        Whether a region joins both hemispheres; its id is then that of `joined_ids`.
    where : str or Path
        Name of the table in errors.

    Returns
    -------
    list of Region
        n_rois regions in drawing order.

    Raises
    ------
    RepalignError
        If a region is not in the table.
    """
    frame = regions.assign(roi=regions["roi"].astype(int), twin=joined_ids(regions))
    if joined:
        frame["roi"], frame["hemisphere"] = frame["twin"], ""
    frame = frame.drop_duplicates("roi").set_index("roi", drop=False)
    unknown = [roi for roi in rois if roi not in frame.index]
    if unknown:
        raise RepalignError(
            f"no region {', '.join(map(str, unknown[:5]))}",
            where=where,
            expected="a row for every region of the alignment table",
            remedy="Delete both tables and run the workflow again.",
        )
    frame = frame.loc[list(rois)].assign(index=np.arange(len(rois)))
    ordered = frame["roi_order"].astype(int) if "roi_order" in frame else frame["roi"]
    frame = frame.assign(order=ordered)
    # The same rank in both hemispheres, so that their halves of a matrix mirror each other.
    within = frame["order"] if "roi_order" in frame else frame["twin"]
    frame["rank"] = within.groupby(frame["area"]).transform("min")
    frame = frame.sort_values(["hemisphere", "rank", "area", "order"], kind="stable")
    colors = _colors(frame)
    return [
        Region(
            index=int(row["index"]),
            roi=int(row["roi"]),
            label=PREFIXES.get(row["hemisphere"], "") + row["name"],
            hemisphere=row["hemisphere"],
            group=row["area"],
            color=colors[row["area"]],
        )
        for row in frame.to_dict("records")
    ]


def groups_of(arranged: Sequence[Region]) -> list[Group]:
    """Return the runs of regions of one group and hemisphere, in drawing order."""
    groups: list[Group] = []
    for position, region in enumerate(arranged):
        last = groups[-1] if groups else None
        start = position
        if last is not None and (last.name, last.hemisphere) == (region.group, region.hemisphere):
            start = groups.pop().start
        groups.append(Group(region.group, region.hemisphere, region.color, start, position + 1))
    return groups


def _colors(frame: pd.DataFrame) -> dict[str, str]:
    """Return the colour of each group, in drawing order."""
    names = list(dict.fromkeys(frame["area"]))
    if "area_color" in frame:
        return dict(zip(frame["area"], frame["area_color"], strict=True))
    palette = [
        to_hex(color)
        for colors in ("tab20", "tab20b")
        for color in matplotlib.colormaps[colors](range(20))
    ]
    return {name: palette[k % len(palette)] for k, name in enumerate(names)}
