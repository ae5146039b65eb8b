"""Marks that several figures draw: stars, shaded curves, and where a table came from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from repalign.figures.panels import source_note
from repalign.figures.rows import Floats, mean_of_known, standard_error
from repalign.figures.style import INK, PIXEL, QUIET

SHARED_PAIRS = "tests take subjects as independent, but they share pairs: too many are significant"
"""Of tests over subjects' means over all others.

Every pair enters two subjects' values, so these vary together and the t test takes the mean for
more certain than it is. Simulated for 4 and for 8 subjects without any difference, 5 % becomes
16 % where each pair differs at random, and up to a third where what differs goes with subjects.
"""


def star_row(axes: Axes, places: Sequence[float], stars: Sequence[str]) -> None:
    """Write stars above boxes, in one row along the top of the axes."""
    for place, text in zip(places, stars, strict=True):
        axes.text(
            place, 1.0, text, transform=axes.get_xaxis_transform(), ha="center", va="bottom",
            fontsize=7.5, color=QUIET if text == "n.s." else INK,
        )  # fmt: skip


def band(axes: Axes, x: Floats, curves: Floats, color: str, label: str, *,
         linestyle: str = "-") -> None:  # fmt: skip
    """Draw the mean of curves, and their standard error as a band.

    Parameters
    ----------
    axes : Axes
        Where.
    x : ndarray, shape (n_points,)
        Places.
    curves : ndarray, shape (n_curves, n_points)
        One a unit; NaN are left out.
    color, label, linestyle : str
        As matplotlib takes them.
    """
    mean, error = mean_of_known(curves), np.nan_to_num(standard_error(curves))
    axes.fill_between(x, mean - error, mean + error, color=color, alpha=0.22, linewidth=0)
    axes.plot(x, mean, color=color, linewidth=1.5, linestyle=linestyle, label=label)


def zero_line(axes: Axes) -> None:
    """Draw a thin line at 0."""
    axes.axhline(0, color=QUIET, linewidth=PIXEL, zorder=0)


def table_note(table: str | Path, source: str | None, *facts: str) -> str:
    """Return the note below a figure: its table, what was counted, and the source."""
    path = Path(table).resolve()
    return " · ".join((f"{path.parent.name}/{path.name}", *facts, source_note(source)))
