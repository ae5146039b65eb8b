"""Mean RDMs of the regions of an assembly, in the order of the images and clustered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy.spatial.distance import squareform

from repalign.figures.assemblies import RegionSummary, describe, name_region
from repalign.figures.rows import Floats
from repalign.figures.style import INK, PIXEL, axes_at, headings, look, new_figure

WIDTH = 1600
LEFT, TOP, GAP = 96, 210, 40
LIMITS = (2.0, 98.0)
"""Percentiles of distances at which colours end."""
COLOURS = "viridis"


def plot_rdms(
    summaries: Sequence[RegionSummary], title: str, *, source: str | None = None
) -> Figure:
    """Draw the mean RDM of every region twice: as the images are numbered, and clustered.

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
        A column a region, each with its own colours and colour bar, since regions differ in the
        level and spread of their distances. An RDM without a value is hatched.
    """
    side = min((WIDTH - LEFT - 24) // len(summaries) - GAP, 420)
    bar_top = TOP + 2 * (side + GAP) + 4
    with look():
        figure = new_figure(WIDTH, bar_top + 176)
        for k, summary in enumerate(summaries):
            left = LEFT + k * (side + GAP)
            limits = _limits(summary.rdm)
            square = squareform(summary.rdm)
            np.fill_diagonal(square, np.nan)
            for row, order in enumerate((np.arange(len(square)), summary.order)):
                axes = axes_at(figure, left, TOP + row * (side + GAP), side, side)
                image = axes.imshow(
                    square[np.ix_(order, order)], COLOURS, vmin=limits[0], vmax=limits[1]
                )
                _frame(axes, undefined=bool(np.isnan(summary.rdm).any()))
                if k == 0:
                    axes.set_ylabel(("by number", "clustered")[row], fontsize=8.5, labelpad=10)
            heading = figure.axes[-2]
            heading.set_title(_heading(summary), fontsize=7.5, pad=8)
            name_region(heading, summary, 1 + 62 / side)
            bar_axes = axes_at(figure, left, bar_top, side, 14)
            bar = figure.colorbar(
                image, cax=bar_axes, orientation="horizontal", extend=_extend(summary.rdm, limits),
                ticks=MaxNLocator(4),
            )  # fmt: skip
            bar.ax.tick_params(labelsize=7)
            bar.set_label("1 − Pearson r", fontsize=7.5)
        headings(
            figure,
            title,
            "Dissimilarity of the responses to every two images, averaged over the RDMs of "
            "subjects",
            f"{describe(summaries, source)} · clustered: average linkage, each region by itself\n"
            f"Colours end at the percentiles {LIMITS[0]:g} and {LIMITS[1]:g} of a region",
            bar_top + 92,
        )
    return figure


def _limits(rdm: Floats) -> tuple[float, float]:
    """Return where colours end; never twice the same value."""
    known = rdm[np.isfinite(rdm)]
    if not known.size:
        return 0.0, 1.0
    low, high = (float(edge) for edge in np.percentile(known, LIMITS))
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _extend(rdm: Floats, limits: tuple[float, float]) -> str:
    """Return at which ends of the colours there are more distances."""
    below, above = bool((rdm < limits[0]).any()), bool((rdm > limits[1]).any())
    return {(False, False): "neither", (True, False): "min", (False, True): "max"}.get(
        (below, above), "both"
    )


def _heading(summary: RegionSummary) -> str:
    """Say how large a region is, and how its distances are spread."""
    size = f"{sum(summary.n_neuroids):,} voxels".replace(",", " ")
    known = summary.rdm[np.isfinite(summary.rdm)]
    if not known.size:
        return f"{size}\nno RDM"
    return f"{size}\nmean {known.mean():.2f}, sd {known.std():.3f}"


def _frame(axes: Axes, *, undefined: bool) -> None:
    """Draw the frame of a matrix, and what shows where it has no value: the diagonal, or all."""
    axes.set(xticks=[], yticks=[])
    axes.patch.set(facecolor="0.93")
    if undefined:
        axes.patch.set(edgecolor="0.6", hatch="//////")
    axes.spines[:].set(visible=True, linewidth=PIXEL, color=INK)
