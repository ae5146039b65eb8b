"""Every region as a box over subjects, with what permutations give and stars of significance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from repalign.errors import RepalignError
from repalign.figures.boxes import draw_boxes, tops
from repalign.figures.numbers import Numbers
from repalign.figures.palette import NULL
from repalign.figures.panels import source_note
from repalign.figures.regions import Group, Region, arrange, groups_of
from repalign.figures.rows import Floats, mean_of_known
from repalign.figures.style import INK, PIXEL, QUIET, axes_at, headings, look, new_figure
from repalign.tables.alignment_tables import RSA_PVALUES
from repalign.tables.parquet import read_table

Extent = Literal["top", "all"]

N_TOP = 10
"""Groups of areas in the figure of the best ones."""

WIDTH, ROW, GAP = 2200, 330, 130
TOP, BOTTOM, LEFT, RIGHT = 140, 190, 120, 30
PER_ROW = 46
"""Boxes in a row of panels; more would make names illegible."""

SPACE = 0.7
"""Room between groups, in boxes."""

STARS = {"****": 4, "***": 3, "**": 2, "*": 1}


@dataclass(frozen=True)
class NullTest:
    """What `rsa_pvalues` says of one comparison; all of shape (n_rois,)."""

    mean: Floats
    sd: Floats
    p: Floats
    stars: tuple[str, ...]


@dataclass(frozen=True)
class RegionBoxes:
    """Numbers of the figure.

    Attributes
    ----------
    measure : str
        intersubject, vision or language.
    value : ndarray, shape (n_subjects, n_rois)
        One value a subject and region.
    test : NullTest
        Of the mean over subjects.
    rows : tuple of tuple of Region
        Regions as they stand beside one another, row by row.
    n_groups : int
        Groups of areas that there are, shown or not.
    extent : {'top', 'all'}
        Which regions were asked for.
    """

    measure: str
    subjects: tuple[int, ...]
    value: Floats
    test: NullTest
    rows: tuple[tuple[Region, ...], ...]
    n_groups: int
    extent: Extent


def read_null_test(path: str | Path, comparison: str, rois: Sequence[int]) -> NullTest:
    """Read one comparison of a table of p-values.

    Parameters
    ----------
    path : str or Path
        Published table with the columns `RSA_PVALUES`.
    comparison : str
        intersubject, vision or language.
    rois : sequence of int
        Regions that it must have, in this order.

    Returns
    -------
    NullTest
        All NaN, without stars, if there is no such comparison.

    Raises
    ------
    RepalignError
        If the comparison has other regions.
    """
    frame: pd.DataFrame = read_table(path, RSA_PVALUES).to_pandas()
    frame = frame[frame["comparison"] == comparison]
    if frame.empty:
        nothing = np.full(len(rois), np.nan)
        return NullTest(nothing, nothing, nothing, ("",) * len(rois))
    if frame["roi"].tolist() != list(rois):
        raise RepalignError(
            f"{len(frame)} regions for {comparison}",
            where=path,
            expected=f"the {len(rois)} regions of the similarities, in order",
            remedy="Delete it and run the workflow again.",
        )
    columns = [frame[name].to_numpy(float) for name in ("null_mean", "null_std", "pvalue_fdr_bh")]
    return NullTest(columns[0], columns[1], columns[2], tuple(frame["apa_star"]))


def region_boxes(
    value: Floats,
    test: NullTest,
    regions: pd.DataFrame,
    rois: Sequence[int],
    subjects: Sequence[int],
    *,
    measure: str,
    extent: Extent,
) -> RegionBoxes:
    """Choose and arrange what is shown.

    Parameters
    ----------
    value : ndarray, shape (n_subjects, n_rois)
        One value a subject and region.
    test : NullTest
        Of the means.
    regions : DataFrame
        As read by `repalign.tables.prepared.read_regions`.
    rois, subjects : sequence of int
        Ids of the columns and rows of `value`; regions join hemispheres.
    measure : str
        intersubject, vision or language.
    extent : {'top', 'all'}
        The groups of areas with the ten largest means, from the largest, or all regions.

    Returns
    -------
    RegionBoxes
        Groups stay together unless they are longer than a row.
    """
    arranged = arrange(regions, rois, joined=True)
    groups = {name: [r for r in arranged if r.group == name] for name in
              dict.fromkeys(region.group for region in arranged)}  # fmt: skip
    mean = mean_of_known(value)
    level = {
        name: float(mean_of_known(mean[[region.index for region in members]]))
        for name, members in groups.items()
    }
    chosen = list(groups)
    if extent == "top":
        # Stable: equal and unknown means keep the anatomical order.
        chosen = sorted(chosen, key=lambda name: -np.nan_to_num(level[name], nan=-np.inf))[:N_TOP]
        for name in chosen:
            groups[name].sort(key=lambda r: -np.nan_to_num(mean[r.index], nan=-np.inf))
    rows = _rows([groups[name] for name in chosen])
    return RegionBoxes(measure, tuple(subjects), value, test, rows, len(groups), extent)


def _rows(groups: Sequence[Sequence[Region]]) -> tuple[tuple[Region, ...], ...]:
    """Fill rows evenly with whole groups."""
    total = sum(len(group) for group in groups)
    n_rows = max(1, -(-total // PER_ROW))
    room = max(-(-total // n_rows) + 2, 1)
    rows: list[list[Region]] = [[]]
    for group in groups:
        left = len(rows[-1]) + len(group)
        if rows[-1] and left > room + 4:
            rows.append([])
        rows[-1] += group
    return tuple(tuple(row) for row in rows)


def numbers_of(boxes: RegionBoxes) -> Numbers:
    """Return the numbers that are drawn."""
    numbers = Numbers()
    mean = mean_of_known(boxes.value)
    for row in boxes.rows:
        for region in row:
            k, add = region.index, region.label
            for subject, value in zip(boxes.subjects, boxes.value[:, k], strict=True):
                numbers.add(region.group, add, f"subject {subject}", float(value))
            for quantity, values in (
                ("mean", mean), ("null_mean", boxes.test.mean), ("null_sd", boxes.test.sd),
                ("p_fdr_bh", boxes.test.p),
            ):  # fmt: skip
                numbers.add(region.group, add, quantity, float(values[k]))
            numbers.add(region.group, add, "stars", boxes.test.stars[k])
    return numbers


def plot_region_boxes(boxes: RegionBoxes, title: str, source: str | None) -> Figure:
    """Draw the figure.

    Parameters
    ----------
    boxes : RegionBoxes
        What is shown.
    title : str
        Title.
    source : str or None
        Whether the data are real or simulated.

    Returns
    -------
    Figure
        Rows of panels with a common scale.
    """
    n_rows = len(boxes.rows)
    height = TOP + n_rows * (ROW + GAP) - GAP + BOTTOM
    shown = [region for row in boxes.rows for region in row]
    values = boxes.value[:, [region.index for region in shown]]
    nulls = np.concatenate([boxes.test.mean - boxes.test.sd, boxes.test.mean + boxes.test.sd])
    known = np.concatenate([values[np.isfinite(values)], nulls[np.isfinite(nulls)], [0.0]])
    low, high = float(known.min()), float(known.max())
    span = (high - low) or 1.0
    longest = max(max(len(row) + SPACE * len(groups_of(row)) for row in boxes.rows), 12)
    tested = np.isfinite(boxes.test.p)
    with look():
        figure = new_figure(WIDTH, height)
        for k, row in enumerate(boxes.rows):
            axes = axes_at(figure, LEFT, TOP + k * (ROW + GAP), WIDTH - LEFT - RIGHT, ROW)
            axes.set_xlim(-0.8, longest - SPACE - 0.2)
            axes.set_ylim(low - 0.04 * span, high + 0.3 * span)
            _row(axes, boxes, row, span)
            axes.set_ylabel("similarity (Pearson r)")
        which = (
            f"the {len({r.group for r in shown})} groups of areas, of {boxes.n_groups}, with the "
            "largest means"
            if boxes.extent == "top"
            else "all regions in the order of the atlas"
        )
        n = f"{len(shown)} regions, n = {len(boxes.subjects)} subjects"
        _legend(axes, bool(tested.any()))
        significant = int(np.sum(boxes.test.p[tested] <= 0.05))
        headings(
            figure,
            title,
            f"{which[0].upper()}{which[1:]} · {n}",
            f"{significant} of {int(tested.sum())} regions differ from permutations at a false "
            f"discovery rate of 0.05 · {source_note(source)}",
            height - 52,
        )
    return figure


def _row(axes: Axes, boxes: RegionBoxes, row: Sequence[Region], span: float) -> None:
    """Draw one row of boxes with nulls, stars and names."""
    groups = groups_of(row)
    places = np.concatenate(
        [np.arange(group.start, group.stop) + SPACE * k for k, group in enumerate(groups)]
    )
    index = [region.index for region in row]
    axes.axhline(0, color="0.8", linewidth=PIXEL, zorder=0)
    mean, sd = boxes.test.mean[index], boxes.test.sd[index]
    axes.bar(places, 2 * sd, bottom=mean - sd, width=0.9, color=NULL, alpha=0.45, linewidth=0)
    axes.hlines(mean, places - 0.45, places + 0.45, color=NULL, linewidth=0.8)
    values = boxes.value[:, index]
    draw_boxes(axes, places, values, [region.color for region in row], point=3)
    for place, top, region in zip(places, tops(values), row, strict=True):
        stars = boxes.test.stars[region.index]
        if stars in STARS and np.isfinite(top):
            axes.text(
                place + 0.08,
                top + 0.03 * span,
                "∗" * STARS[stars],
                rotation=90,
                ha="center",
                va="bottom",
                fontsize=6,
            )
    axes.set_xticks(places, [region.label for region in row], rotation=90, fontsize=7)
    axes.tick_params(axis="x", length=0, pad=2)
    axes.spines["bottom"].set_visible(False)
    for k, group in enumerate(groups):
        _bracket(axes, group, SPACE * k)


def _bracket(axes: Axes, group: Group, moved: float) -> None:
    """Draw the colour and the name of a group above its boxes."""
    transform = axes.get_xaxis_transform()
    axes.plot(
        [group.start - 0.4 + moved, group.stop - 0.6 + moved],
        [1.0, 1.0],
        color=group.color,
        linewidth=3,
        solid_capstyle="butt",
        transform=transform,
        clip_on=False,
    )
    axes.text(
        group.start - 0.4 + moved,
        1.025,
        _wrapped(group.name, group.stop - group.start + SPACE),
        transform=transform,
        fontsize=6.5,
        va="bottom",
        linespacing=0.95,
    )


def _wrapped(name: str, n_boxes: float) -> str:
    """Break a name into lines that fit above its boxes."""
    room = max(int(n_boxes * 5), 5)
    lines: list[str] = []
    for word in name.split():
        if lines and len(lines[-1]) + 1 + len(word) <= room:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return "\n".join(lines)


def _legend(axes: Axes, tested: bool) -> None:
    """Say what the marks mean, below the last row."""
    handles = [
        Patch(facecolor="none", edgecolor=INK, linewidth=0.5, label="quartiles over subjects"),
        Line2D([], [], color=INK, marker="o", markersize=2, linestyle="", label="one subject"),
    ]
    if tested:
        handles.append(Patch(color=NULL, alpha=0.45, label="permutations, mean ± sd"))
        stars = "∗ p ≤ 0.05, ∗∗ < 0.01, ∗∗∗ < 0.001, ∗∗∗∗ < 0.0001 (Benjamini–Hochberg)"
        handles.append(Line2D([], [], linestyle="", label=stars))
    axes.legend(
        handles=handles,
        ncols=len(handles),
        frameon=False,
        fontsize=7.5,
        labelcolor=QUIET,
        loc="upper left",
        bbox_to_anchor=(0, -75 / ROW),
        borderaxespad=0,
        borderpad=0,
        columnspacing=2,
        handletextpad=0.6,
    )
