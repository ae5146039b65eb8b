"""Panels of equal size in rows and columns, and other things that several figures share."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from repalign.figures.style import INK, QUIET, axes_at, headings, new_figure, pixels

TOP = 110
"""Where panels begin below title and subtitle, in pixels."""
BOTTOM = 76
"""Room for notes, up to three lines."""
LEAST_WIDTH = 1000
"""Room for titles and legends."""
LETTER = 9.2
"""Mean width of a letter of a note, in pixels."""


def panel_grid(
    count: int,
    n_columns: int,
    size: tuple[int, int],
    gaps: tuple[int, int],
    margins: tuple[int, int, int],
) -> tuple[Figure, list[Axes]]:
    """Make a figure with panels, row by row, and room for headings and a note.

    Parameters
    ----------
    count : int
        Number of panels.
    n_columns : int
        Panels of a full row; fewer if there are fewer panels.
    size : (int, int)
        Width and height of a panel, in pixels.
    gaps : (int, int)
        Pixels between columns and between rows.
    margins : (int, int, int)
        Pixels at the left of the panels, at the right, and between the last row and the note.

    Returns
    -------
    figure : Figure
    axes : list of Axes
        `count` of them.
    """
    n_columns = min(n_columns, count)
    n_rows = -(-count // n_columns)
    left, right, below = margins
    width = max(left + n_columns * size[0] + (n_columns - 1) * gaps[0] + right, LEAST_WIDTH)
    height = TOP + n_rows * size[1] + (n_rows - 1) * gaps[1] + below + BOTTOM
    figure = new_figure(width, height)
    axes = [
        axes_at(
            figure,
            left + (k % n_columns) * (size[0] + gaps[0]),
            TOP + (k // n_columns) * (size[1] + gaps[1]),
            *size,
        )
        for k in range(count)
    ]
    return figure, axes


def finish(figure: Figure, title: str, subtitle: str, note: str) -> None:
    """Write title, subtitle and a note, wrapped, at the bottom of a figure of `panel_grid`."""
    width, height = pixels(figure)
    room = int((width - 48) / LETTER)
    lines = [part for line in note.split("\n") for part in textwrap.wrap(line, room)]
    headings(figure, title, subtitle, "\n".join(lines), height - BOTTOM + 6)


def legend_above(figure: Figure, entries: Sequence[tuple[str, str]]) -> None:
    """Name colours in one line at the right, beside the subtitle.

    Parameters
    ----------
    figure : Figure
        The figure.
    entries : sequence of (str, str)
        Name and colour of each.
    """
    width, height = pixels(figure)
    handles = [Line2D([], [], color=color, linewidth=2, label=name) for name, color in entries]
    figure.legend(
        handles=handles,
        ncols=len(handles),
        frameon=False,
        fontsize=7.5,
        labelcolor=INK,
        loc="upper right",
        bbox_to_anchor=((width - 20) / width, (height - 50) / height),
        borderpad=0,
        borderaxespad=0,
        handlelength=1.4,
        columnspacing=1.4,
    )


def panel_title(axes: Axes, text: str, detail: str = "") -> None:
    """Write the title of a panel, with something quieter behind it."""
    axes.set_title(text, loc="left", fontsize=8, fontweight="bold", pad=5)
    if detail:
        axes.set_title(detail, loc="right", fontsize=7, color=QUIET, pad=5)


def source_note(source: str | None) -> str:
    """Return what a note says of the data."""
    return f"{source} data" if source else "source of the data unknown"


def count(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number} {noun}" + ("" if number == 1 else "s")
