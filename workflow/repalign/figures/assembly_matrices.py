"""How alike the RDMs of an assembly are: across subjects in each region, and across regions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from repalign.figures.assemblies import (
    RegionSummary,
    describe,
    mean_off_diagonal,
    name_region,
    short_names,
    similarity_of_regions,
)
from repalign.figures.rows import Floats
from repalign.figures.scale import color_scale
from repalign.figures.style import INK, PIXEL, axes_at, headings, look, new_figure

WIDTH = 1600
LEFT, TOP, GAP, BAR = 72, 172, 52, 110
NUMBERED = 10
"""Up to this many rows, the value of every cell is written into it."""


def plot_subjects(
    summaries: Sequence[RegionSummary], title: str, *, source: str | None = None
) -> Figure:
    """Draw how alike the RDMs of subjects are, a matrix a region.

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
        All regions in the same colours; the diagonal, 1 by construction, is left out.
    """
    side = min((WIDTH - LEFT - BAR) // len(summaries) - GAP, 420)
    names = short_names(summaries[0].subjects)
    matrices = [_without_diagonal(summary.consistency) for summary in summaries]
    with look():
        figure = new_figure(WIDTH, TOP + side + 150)
        colormap, norm, extend = color_scale(np.concatenate(matrices, axis=None))
        for k, (summary, matrix) in enumerate(zip(summaries, matrices, strict=True)):
            axes = axes_at(figure, LEFT + k * (side + GAP), TOP, side, side)
            image = axes.imshow(matrix, colormap, norm, interpolation="none")
            _finish(axes, matrix, names, image)
            axes.set_title(f"mean r {_number(mean_off_diagonal(matrix), 3)}", fontsize=8, pad=7)
            name_region(axes, summary, 1 + 34 / side)
            axes.set_xlabel("subject")
            if k == 0:
                axes.set_ylabel("subject")
        _bar(figure, image, extend, LEFT + len(summaries) * (side + GAP), side)
        headings(
            figure,
            title,
            "Correlation of the RDMs of two subjects in the same region",
            describe(summaries, source),
            TOP + side + 100,
        )
    return figure


def plot_regions(
    summaries: Sequence[RegionSummary], title: str, *, source: str | None = None
) -> Figure:
    """Draw how alike the mean RDMs of regions are.

    Parameters
    ----------
    summaries : sequence of RegionSummary
        The regions.
    title : str
        Which assemblies are shown.
    source : str, optional
        Whether the data are real or simulated.

    Returns
    -------
    Figure
        A matrix; the diagonal, 1 by construction, is left out.
    """
    side, left = 560, 130
    matrix = _without_diagonal(similarity_of_regions(summaries))
    with look():
        figure = new_figure(left + side + 330, TOP - 40 + side + 150)
        axes = axes_at(figure, left, TOP - 40, side, side)
        colormap, norm, extend = color_scale(matrix)
        image = axes.imshow(matrix, colormap, norm, interpolation="none")
        _finish(axes, matrix, [summary.region for summary in summaries], image, size=9)
        _bar(figure, image, extend, left + side + 44, side, top=TOP - 40)
        headings(
            figure,
            title,
            "Correlation of the RDMs of two regions, each the mean over subjects",
            describe(summaries, source),
            TOP - 40 + side + 84,
        )
    return figure


def _without_diagonal(matrix: Floats) -> Floats:
    """Return a copy with NaN on the diagonal."""
    copy = matrix.copy()
    np.fill_diagonal(copy, np.nan)
    return copy


def _finish(
    axes: Axes, matrix: Floats, names: Sequence[str], image: AxesImage, size: float = 6.5
) -> None:
    """Name rows and columns, and write values into the cells of a small matrix."""
    ticks = range(len(names))
    axes.set_xticks(ticks, names, fontsize=8)
    axes.set_yticks(ticks, names, fontsize=8)
    axes.tick_params(length=0, pad=4)
    axes.patch.set_facecolor("0.93")
    axes.spines[:].set(visible=True, linewidth=PIXEL, color=INK)
    if len(names) > NUMBERED:
        return
    for (i, j), value in np.ndenumerate(matrix):
        if i != j:
            colour = _readable(image, float(value))
            axes.text(j, i, _number(float(value), 2), ha="center", va="center", color=colour,
                      fontsize=size)  # fmt: skip


def _readable(image: AxesImage, value: float) -> str:
    """Return black or white, whichever is easier to read on the colour of a value."""
    if not np.isfinite(value):
        return INK
    red, green, blue, _ = image.cmap(float(np.asarray(image.norm(np.array([value])))[0]))
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.5 else "black"


def _number(value: float, digits: int) -> str:
    """Write a correlation without its leading zero; a dash where there is none."""
    if not np.isfinite(value):
        return "–"
    return f"{value:.{digits}f}".replace("0.", ".", 1).replace("-", "−")


def _bar(
    figure: Figure, image: AxesImage, extend: str, left: int, side: int, top: int = TOP
) -> None:
    """Draw the colour bar, two thirds as high as the matrices."""
    axes = axes_at(figure, left, top + side // 6, 20, side * 2 // 3)
    bar = figure.colorbar(image, cax=axes, extend=extend, ticks=MaxNLocator(5))
    bar.set_label("Pearson r of RDMs", fontsize=8)
    bar.ax.tick_params(labelsize=7.5)
