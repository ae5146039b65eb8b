"""Panels with matrices of regions: one scale for all that are of a kind, names at the sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from repalign.figures.palette import DIFFERENCE_MAP, HUB_COLORS, MISSING
from repalign.figures.panels import finish, legend_above, panel_grid, panel_title
from repalign.figures.rows import Floats
from repalign.figures.scale import color_scale
from repalign.figures.style import PIXEL, axes_at, look, pixels

NAME_ROOM = 62
"""Pixels for the names of regions at the left and below."""
BAR_ROOM = 92
"""Pixels for a colour bar at the right of the last matrix of a kind."""
STRIP = 7
"""Pixels of the strips that show hubs."""


@dataclass(frozen=True)
class MatrixPanel:
    """One matrix and what is said of it.

    Attributes
    ----------
    title, detail : str
        Above the matrix.
    cells : ndarray, shape (n_rois, n_rois)
        NaN is drawn grey.
    rows, columns : sequence of str
        Names of the regions.
    hubs : sequence of str
        Hub of each region, by its short name; empty for none.
    difference : bool
        Whether cells are differences, which have a scale around 0 of their own.
    """

    title: str
    cells: Floats
    rows: Sequence[str]
    columns: Sequence[str]
    hubs: Sequence[str]
    detail: str = ""
    difference: bool = field(default=False)


@dataclass(frozen=True)
class Layout:
    """How large matrices are, how many stand in a row, and whether regions have their names."""

    side: int
    n_columns: int
    named: bool = True
    font: float = 6.0


def matrix_numbers(panels: Sequence[MatrixPanel]) -> pd.DataFrame:
    """Return the drawn cells.

    Returns
    -------
    DataFrame
        panel, row, column, similarity (or difference); a row a cell.
    """
    frames = [
        pd.DataFrame(
            {
                "panel": panel.title,
                "row": np.repeat(np.array(panel.rows, dtype=object), len(panel.columns)),
                "column": np.tile(np.array(panel.columns, dtype=object), len(panel.rows)),
                "value": panel.cells.ravel(),
            }
        )
        for panel in panels
    ]
    return pd.concat(frames, ignore_index=True)


def plot_matrices(
    panels: Sequence[MatrixPanel],
    headline: tuple[str, str, str],
    layout: Layout,
    *,
    label: str = "RDM similarity (r)",
    extra: int = 0,
) -> tuple[Figure, list[Axes]]:
    """Draw matrices side by side.

    Parameters
    ----------
    panels : sequence of MatrixPanel
        In reading order; similarities share a scale, and so do differences.
    headline : (str, str, str)
        Title, subtitle and note.
    layout : Layout
        Sizes.
    label : str
        What the colours of similarities mean.
    extra : int
        Further panels of the same size behind the matrices, left empty.

    Returns
    -------
    figure : Figure
    axes : list of Axes
        Those of the extra panels.
    """
    scales = {kind: _scale([p for p in panels if p.difference is kind]) for kind in (False, True)}
    room = NAME_ROOM if layout.named else 14
    gaps = (room + BAR_ROOM, room + 44) if layout.named else (34, 46)
    last = BAR_ROOM + 30
    with look():
        figure, axes = panel_grid(
            len(panels) + extra,
            layout.n_columns,
            (layout.side, layout.side),
            (gaps[0] + (56 if extra else 0), gaps[1]),
            (room + 24, last if not extra else 40, room + 22),
        )
        images = [
            _matrix(own, panel, scales[panel.difference], layout)
            for own, panel in zip(axes, panels, strict=False)
        ]
        for k, (own, panel) in enumerate(zip(axes, panels, strict=False)):
            is_last = (k + 1) % layout.n_columns == 0 or k + 1 == len(panels)
            if is_last or panels[k + 1].difference != panel.difference:
                text = f"difference of {label}" if panel.difference else label
                if layout.named or k + 1 == layout.n_columns or len(panels) <= layout.n_columns:
                    _bar(figure, own, images[k], scales[panel.difference][2], text)
        there = {hub for panel in panels for hub in panel.hubs}
        shown = [(name, color) for name, color in HUB_COLORS.items() if name in there]
        if shown:
            legend_above(figure, shown)
        finish(figure, *headline)
    return figure, axes[len(panels) :]


def _scale(panels: Sequence[MatrixPanel]) -> tuple[Colormap, Normalize, str]:
    """Return the scale of matrices of one kind; a diagonal of ones does not set it."""
    if not panels:
        return color_scale(np.empty(0))
    if not panels[0].difference:
        off = [
            panel.cells[~np.eye(len(panel.cells), dtype=bool) | (panel.cells < 0.999)]
            for panel in panels
        ]
        return color_scale(np.concatenate(off))
    values = np.concatenate([panel.cells.ravel() for panel in panels])
    known = np.abs(values[np.isfinite(values)])
    end = float(np.quantile(known, 0.99)) if known.size else 0.0
    end = end or 1.0
    extend = "both" if known.size and known.max() > end else "neither"
    return matplotlib.colormaps[DIFFERENCE_MAP], Normalize(-end, end), extend


def _matrix(
    axes: Axes,
    panel: MatrixPanel,
    scale: tuple[Colormap, Normalize, str],
    layout: Layout,
) -> AxesImage:
    """Draw one matrix with its names and the strips of hubs."""
    image = axes.imshow(panel.cells, scale[0], scale[1], interpolation="none", aspect="auto")
    axes.patch.set_facecolor(MISSING)
    axes.spines[:].set(visible=True, linewidth=PIXEL)
    panel_title(axes, panel.title, panel.detail)
    axes.set(xticks=[], yticks=[])
    if layout.named:
        pad = 3 + STRIP * PIXEL
        axes.set_xticks(range(len(panel.columns)), panel.columns, rotation=90)
        axes.set_yticks(range(len(panel.rows)), panel.rows)
        axes.tick_params(length=0, pad=pad, labelsize=layout.font)
    _strips(axes, panel.hubs, layout.side)
    return image


def _strips(axes: Axes, hubs: Sequence[str], side: int) -> None:
    """Mark the regions of hubs at the left and below."""
    depth, gap = STRIP / side, 3 / side
    share = 1 / len(hubs)
    for k, hub in enumerate(hubs):
        if hub:
            style: Any = {
                "facecolor": HUB_COLORS[hub],
                "transform": axes.transAxes,
                "clip_on": False,
            }
            left = Rectangle((-gap - depth, 1 - (k + 1) * share), depth, share, **style)
            below = Rectangle((k * share, -gap - depth), share, depth, **style)
            for patch in (left, below):
                patch.set_linewidth(0)
                axes.add_artist(patch)


def _bar(figure: Figure, axes: Axes, image: AxesImage, extend: str, label: str) -> None:
    """Draw a colour bar at the right of a matrix, two thirds as high."""
    width, height = pixels(figure)
    box = axes.get_position()
    side = box.height * height
    place = axes_at(
        figure,
        round(box.x1 * width) + 12,
        round((1 - box.y1) * height + side / 6),
        14,
        round(side * 2 / 3),
    )
    bar = figure.colorbar(image, cax=place, extend=extend, ticks=MaxNLocator(5))
    bar.set_label(label, fontsize=7)
    bar.ax.tick_params(labelsize=6.5, length=2)
    bar.outline.set_linewidth(PIXEL)
