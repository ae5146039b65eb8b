"""How good the neuroids of an assembly can be predicted: histograms of their noise ceilings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from repalign.errors import RepalignError
from repalign.figures.assemblies import RegionSummary, describe, name_region, short_names
from repalign.figures.rows import Floats
from repalign.figures.style import INK, axes_at, headings, look, new_figure

WIDTH = 1600
LEFT, TOP, GAP, HEIGHT, ROW = 110, 190, 56, 300, 22
RELIABLE = 30.0
"""Brain-Score uses neuroids with a noise ceiling above this, percent."""
BIN = 2.5
_COLOUR = "#33658a"


def plot_noise_ceilings(
    summaries: Sequence[RegionSummary], title: str, *, source: str | None = None
) -> Figure:
    """Draw the noise ceilings of all neuroids, a histogram a region.

    Parameters
    ----------
    summaries : sequence of RegionSummary
        The regions, from left to right.
    title : str
        Which assemblies are shown.
    source : str, optional
        Whether the data are real or simulated.

    Returns
    -------
    Figure
        Shares of all neuroids of a region as bars, quartiles of each subject below; regions
        share both axes.

    Raises
    ------
    RepalignError
        If a region has no noise ceilings.
    """
    lacking = [summary.region for summary in summaries if not summary.ceilings]
    if lacking:
        raise RepalignError(
            f"no nc_testset in {lacking[0]}",
            where=title,
            expected="noise ceilings of all neuroids",
            remedy="Make the assemblies with this workflow.",
        )
    edges = np.arange(0, 100 + BIN, BIN)
    width = (WIDTH - LEFT - 40) // len(summaries) - GAP
    rows = ROW * len(summaries[0].subjects) + 16
    with look():
        figure = new_figure(WIDTH, TOP + HEIGHT + rows + 200)
        panels = []
        for k, summary in enumerate(summaries):
            left = LEFT + k * (width + GAP)
            pooled = np.concatenate(summary.ceilings)
            axes = axes_at(figure, left, TOP, width, HEIGHT)
            axes.stairs(_shares(pooled, edges), edges, fill=True, color=_COLOUR)
            axes.set_title(
                f"median {np.median(pooled):.1f} % · "
                f"{100 * float(np.mean(pooled > RELIABLE)):.0f} % above {RELIABLE:g}",
                fontsize=7.5,
                pad=8,
            )
            name_region(axes, summary, 1 + 40 / HEIGHT)
            axes.tick_params(axis="x", labelbottom=False)
            panels.append(axes)
            _subjects(axes_at(figure, left, TOP + HEIGHT + 14, width, rows), summary, named=k == 0)
        top = max(axes.get_ylim()[1] for axes in panels)
        for axes in figure.axes:
            axes.axvline(RELIABLE, color=INK, linewidth=0.7, linestyle=(0, (4, 3)))
            axes.set(xlim=(0, 100), xticks=[0, RELIABLE, 60, 100])
        for axes in panels:
            axes.set_ylim(0, top)
        panels[0].set_ylabel("voxels, %")
        for axes in panels[1:]:
            axes.tick_params(axis="y", labelleft=False)
        headings(
            figure,
            title,
            "Noise ceilings of voxels: how much of the variance of a mean response the image can "
            "explain",
            f"{describe(summaries, source)} · below: median and quartiles of each subject\n"
            f"Dashed: Brain-Score uses voxels above {RELIABLE:g} %",
            TOP + HEIGHT + rows + 116,
        )
    return figure


def _subjects(axes: Axes, summary: RegionSummary, *, named: bool) -> None:
    """Draw the median and the quartiles of each subject, the first one on top."""
    quartiles = np.stack([np.percentile(own, [25, 50, 75]) for own in summary.ceilings])
    row = np.arange(len(quartiles))
    axes.hlines(row, quartiles[:, 0], quartiles[:, 2], color=_COLOUR, linewidth=1.2)
    axes.plot(quartiles[:, 1], row, "o", color=_COLOUR, markersize=3.2, markeredgewidth=0)
    axes.set(ylim=(len(row) - 0.3, -0.7), xlabel="noise ceiling, %")
    axes.set_yticks(row, short_names(summary.subjects) if named else [""] * len(row))
    axes.tick_params(axis="y", length=0, labelsize=7)
    axes.spines["left"].set_visible(False)
    if named:
        axes.set_ylabel("subject")


def _shares(values: Floats, edges: Floats) -> Floats:
    """Return the percentage of values in each bin."""
    counts, _ = np.histogram(values, edges)
    return np.asarray(100 * counts / max(values.size, 1))
