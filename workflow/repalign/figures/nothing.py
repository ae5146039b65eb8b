"""Figures that have nothing to show: they say so, and do not stop all the others."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
from matplotlib.figure import Figure

from repalign.errors import RepalignError
from repalign.figures.style import headings, look, new_figure

WIDTH, HEIGHT = 1000, 200


class NothingToShowError(RepalignError):
    """Sound tables without what a figure is about, such as significant regions."""


def draw_or_say(draw: Callable[[], tuple[Figure, pd.DataFrame]]) -> tuple[Figure, pd.DataFrame]:
    """Draw a figure, or one that says why there is nothing to draw.

    Parameters
    ----------
    draw : callable
        Returns a figure and its numbers.

    Returns
    -------
    figure : Figure
    numbers : DataFrame
        Of the figure; with nothing to show, one row that says why.
    """
    try:
        return draw()
    except NothingToShowError as nothing:
        with look():
            figure = new_figure(WIDTH, HEIGHT)
            note = f"Expected: {nothing.expected}"
            headings(figure, "Nothing to show", f"Found: {nothing.found}", note, 100)
        row = {"found": [nothing.found], "expected": [nothing.expected]}
        return figure, pd.DataFrame(row)
