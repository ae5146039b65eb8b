"""Figures of left against right hemisphere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from repalign.figures.boxes import draw_boxes
from repalign.figures.hemispheres import Asymmetry, Correction, Crossing, HubAsymmetry
from repalign.figures.marks import SHARED_PAIRS
from repalign.figures.palette import HUB_COLORS, MEASURE_NAMES
from repalign.figures.panels import count, source_note
from repalign.figures.regions import Region
from repalign.figures.rows import Floats, mean_of_known
from repalign.figures.scatter import (
    caption,
    correlations,
    frame,
    group_legend,
    identity,
    label_points,
    points,
    signed,
)
from repalign.figures.style import INK, PIXEL, QUIET, axes_at, headings, look, new_figure
from repalign.kernels.pvalues import apa_star
from repalign.tables.hubs import HUB_NAMES

PANEL, TOP, GAP = 560, 225, 120
MARKS = {
    "fdr_bh": "p ≤ 0.05, Benjamini–Hochberg over areas",
    "none": "p ≤ 0.05, not corrected for the number of areas, as published",
}

OF_PAIRS = f"inter-subject {SHARED_PAIRS}"


def plot_scatter(
    measures: Mapping[str, Asymmetry],
    arranged: Sequence[Region],
    title: str,
    *,
    correction: Correction,
    source: str | None,
) -> Figure:
    """Draw left against right, one panel a measure.

    Parameters
    ----------
    measures : mapping of str to Asymmetry
        Over the same areas.
    arranged : sequence of Region
        The areas; `index` is their place.
    title : str
        Title.
    correction : {'fdr_bh', 'none'}
        What the marks depend on.
    source : str or None
        Whether the data are real or simulated.

    Returns
    -------
    Figure
        Filled: areas whose hemispheres differ.
    """
    width, height = 110 + len(measures) * (PANEL + GAP) + 300, TOP + PANEL + 220
    n_subjects = len(next(iter(measures.values())).left)
    with look():
        figure = new_figure(width, height)
        for k, (measure, found) in enumerate(measures.items()):
            axes = axes_at(figure, 110 + k * (PANEL + GAP), TOP, PANEL, PANEL)
            left, right = mean_of_known(found.left), mean_of_known(found.right)
            frame(axes, left, right, same=True)
            line = identity(axes)
            points(axes, left, right, arranged, found.marked)
            _, everywhere, n = correlations(left, right)
            chosen = found.significant
            _, rho, n_chosen = correlations(left[chosen], right[chosen])
            caption(
                axes,
                _capital(MEASURE_NAMES[measure]),
                f"Spearman ρ = {signed(everywhere)}, n = {n} areas\n"
                f"ρ = {signed(rho)}, the {n_chosen} areas that differ from permutations\n"
                f"left and right differ in {count(int(found.marked.sum()), 'area')}",
            )
            differing = [region for region in arranged if found.marked[region.index]]
            label_points(axes, left, right, differing or arranged, line)
            axes.set_xlabel("left hemisphere (Pearson r of RDMs)")
            axes.set_ylabel("right hemisphere (Pearson r of RDMs)")
        _marks(figure, height, correction)
        group_legend(figure, arranged, 110 + len(measures) * (PANEL + GAP) - 20, TOP)
        headings(
            figure,
            title,
            f"One point an area, mean over n = {n_subjects} subjects · left and right compared "
            "by a paired t test over subjects",
            f"{_capital(OF_PAIRS)} · {source_note(source)}",
            height - 52,
        )
    return figure


def plot_hub_asymmetry(
    hubs: HubAsymmetry, title: str, *, n_subjects: int, source: str | None
) -> Figure:
    """Draw left less right of every hub, one panel a measure.

    Parameters
    ----------
    hubs : HubAsymmetry
        What is shown.
    title : str
        Title.
    n_subjects : int
        Subjects.
    source : str or None
        Whether the data are real or simulated.

    Returns
    -------
    Figure
        Panels with a common scale.
    """
    measures = list(dict.fromkeys(measure for measure, _ in hubs.difference)) or [*MEASURE_NAMES]
    width, height = 1600, 780
    everything = np.concatenate([*hubs.difference.values(), [0.0]])
    known = everything[np.isfinite(everything)]
    low, high = float(known.min()), float(known.max())
    span = (high - low) or 1.0
    panel = (width - 150 - 40 - 60 * (len(measures) - 1)) // len(measures)
    with look():
        figure = new_figure(width, height)
        for k, measure in enumerate(measures):
            axes = axes_at(figure, 150 + k * (panel + 60), 140, panel, height - 140 - 170)
            axes.set_ylim(low - 0.08 * span, high + 0.18 * span)
            _hub_panel(axes, hubs, measure, span)
            if k:
                axes.set_yticklabels([])
            else:
                axes.set_ylabel("left − right hemisphere\n(difference of Pearson r)")
            axes.set_title(_capital(MEASURE_NAMES[measure]), loc="left", fontsize=9)
        n_tests = sum(not np.isnan(p) for p in hubs.p.values())
        headings(
            figure,
            title,
            f"Mean over the regions of a hub, left less right · n = {n_subjects} subjects · "
            f"paired t tests, Benjamini–Hochberg over {n_tests} tests",
            f"– : not among the corrected tests · {OF_PAIRS} · {source_note(source)}",
            height - 52,
        )
    return figure


def plot_cross(
    crossing: Crossing,
    arranged: Sequence[Region],
    title: str,
    *,
    n_subjects: int,
    source: str | None,
) -> Figure:
    """Draw similarity across hemispheres against joined hemispheres and within one.

    Parameters
    ----------
    crossing : Crossing
        What is shown.
    arranged : sequence of Region
        The areas; `index` is their place.
    title : str
        Title.
    n_subjects : int
        Subjects.
    source : str or None
        Whether the data are real or simulated.

    Returns
    -------
    Figure
        Two panels.
    """
    panel = 640
    width, height = 110 + 2 * (panel + 130) + 320, TOP + panel + 160
    panels = [
        ("Joined and across", crossing.joined, "both hemispheres as one region"),
        ("Within and across", crossing.within, "within a hemisphere, mean of left and right"),
    ]
    with look():
        figure = new_figure(width, height)
        for k, (name, x, label) in enumerate(panels):
            axes = axes_at(figure, 110 + k * (panel + 130), TOP, panel, panel)
            _against(axes, x, crossing.across, arranged, name)
            axes.set_xlabel(f"{label} (Pearson r)")
            axes.set_ylabel("left of one subject with right of another (Pearson r)")
        group_legend(figure, arranged, 110 + 2 * (panel + 130) - 10, TOP)
        headings(
            figure,
            title,
            "Inter-subject similarity of RDMs across and within hemispheres · one point an area, "
            f"mean over all ordered pairs of n = {n_subjects} subjects",
            source_note(source),
            height - 52,
        )
    return figure


def _against(axes: Axes, x: Floats, y: Floats, arranged: Sequence[Region], title: str) -> None:
    """Draw one scatter with the line of equality and correlations."""
    frame(axes, x, y, same=True)
    line = identity(axes)
    points(axes, x, y, arranged)
    r, rho, n = correlations(x, y)
    caption(axes, title, f"Pearson r = {signed(r)},  Spearman ρ = {signed(rho)},  n = {n} areas")
    label_points(axes, x, y, arranged, line)


def _hub_panel(axes: Axes, hubs: HubAsymmetry, measure: str, span: float) -> None:
    """Draw one measure: a box a hub, with its test."""
    axes.axhline(0, color="0.6", linewidth=PIXEL, zorder=0)
    for k, hub in enumerate(hubs.hubs):
        column = hubs.difference[measure, hub]
        draw_boxes(axes, [k], column[:, None], [HUB_COLORS[HUB_NAMES[hub]]], width=0.5, point=9)
        known = column[~np.isnan(column)]
        stars = apa_star(hubs.p[measure, hub]).replace("*", "∗") or "–"
        if known.size:
            axes.text(k, known.max() + 0.035 * span, stars, ha="center", va="bottom")
    tests = [float(hubs.test[measure, hub].t) for hub in hubs.hubs]
    labels = [
        f"{HUB_NAMES[hub]}\n" + ("not tested" if np.isnan(t) else f"t = {signed(t, 2)}")
        for hub, t in zip(hubs.hubs, tests, strict=True)
    ]
    axes.set_xlim(-0.6, max(len(hubs.hubs), 1) - 0.4)
    axes.set_xticks(range(len(hubs.hubs)), labels, linespacing=1.5)
    axes.tick_params(axis="x", length=0, pad=6)


def _marks(figure: Figure, height: int, correction: Correction) -> None:
    """Say what filled points are."""
    width = figure.get_size_inches()[0] * figure.dpi
    handles = [
        Line2D([], [], marker="o", linestyle="", markersize=4.5, color="0.5",
               markeredgecolor=INK, markeredgewidth=0.3, label=f"differ: {MARKS[correction]}"),
        Line2D([], [], marker="o", linestyle="", markersize=4.5, markerfacecolor="none",
               markeredgecolor="0.5", markeredgewidth=0.8, label="do not differ"),
    ]  # fmt: skip
    figure.legend(
        handles=handles, ncols=2, frameon=False, fontsize=7.5, labelcolor=QUIET,
        loc="upper left", bbox_to_anchor=(100 / width, 130 / height), borderaxespad=0,
        borderpad=0, handletextpad=0.2, columnspacing=2,
    )  # fmt: skip


def _capital(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]
