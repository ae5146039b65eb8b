"""Box plots with a point for every subject."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from repalign.figures.rows import Floats
from repalign.figures.style import INK


def draw_boxes(
    axes: Axes,
    places: Sequence[float] | Floats,
    values: Floats,
    colors: Sequence[str],
    *,
    width: float = 0.62,
    point: float = 5,
) -> None:
    """Draw one box a column, with every subject as a point.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    places : sequence of float, length n_boxes
        Positions on the x axis.
    values : ndarray, shape (n_subjects, n_boxes)
        NaN are left out.
    colors : sequence of str, length n_boxes
        Colours of the boxes.
    width : float
        Width of a box in units of the x axis.
    point : float
        Area of a point; 0 for none.

    Notes
    -----
    Quartiles by linear interpolation; whiskers reach the last value within 1.5 interquartile
    ranges; all subjects are points, so there are no marks of outliers.
    """
    columns = [column[~np.isnan(column)] for column in values.T]
    if not columns:
        return
    drawn = axes.boxplot(
        columns,
        positions=list(places),
        widths=width,
        showfliers=False,
        patch_artist=True,
        manage_ticks=False,
        medianprops={"color": INK, "linewidth": 1.0},
        whiskerprops={"color": INK, "linewidth": 0.5},
        boxprops={"edgecolor": INK, "linewidth": 0.5},
        capprops={"linewidth": 0},
    )
    for patch, color in zip(drawn["boxes"], colors, strict=True):
        patch.set(facecolor=color, alpha=0.75)
    if not point:
        return
    # In the colour of the box, which is but a line where subjects hardly differ.
    for place, column, color in zip(places, columns, colors, strict=True):
        axes.scatter(
            place + offsets(len(column)) * width,
            column,
            s=point,
            color=color,
            edgecolors=INK,
            linewidths=0.35,
            zorder=4,
        )


def offsets(n: int) -> Floats:
    """Return places of n points beside one another, between -0.3 and 0.3."""
    return np.linspace(-0.3, 0.3, n) if n > 1 else np.zeros(n)


def tops(values: Floats) -> Floats:
    """Return the largest value of each column, shape (n_boxes,); NaN where there is none."""
    known = np.where(np.isnan(values), -np.inf, values).max(axis=0, initial=-np.inf)
    largest: Floats = np.where(np.isinf(known), np.nan, known)
    return largest
