"""What all figures share: one look, pixel layout, label placement, and deterministic PNG files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from repalign.tables.atomic import atomic_file
from repalign.tables.provenance import KEY, encode

DPI = 160
PIXEL = 72 / DPI
"""One pixel, in points."""

INK = "0.15"
QUIET = "0.45"
LOOK = {
    "font.family": ["DejaVu Sans"],
    "font.size": 8,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "hatch.linewidth": 0.5,
}


@contextmanager
def look() -> Iterator[None]:
    """Draw in the look of the project, whatever the user's own matplotlib settings are."""
    with matplotlib.style.context(["default", LOOK]):
        yield


def new_figure(width: int, height: int) -> Figure:
    """Return an empty figure that is drawn without a display.

    Parameters
    ----------
    width, height : int
        Size in pixels.

    Returns
    -------
    Figure
        Known to no window manager, so there is nothing to close.
    """
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def axes_at(figure: Figure, left: int, top: int, width: int, height: int) -> Axes:
    """Add axes at a place given in pixels from the upper left corner of the figure."""
    total_width, total_height = pixels(figure)
    return figure.add_axes(
        (
            left / total_width,
            1 - (top + height) / total_height,
            width / total_width,
            height / total_height,
        )
    )


def headings(figure: Figure, title: str, subtitle: str, note: str, note_top: int) -> None:
    """Write title and subtitle above a figure, and a note whose top is given in pixels."""
    width, height = pixels(figure)
    left = 24 / width
    figure.text(left, 1 - 20 / height, title, va="top", fontsize=10, fontweight="bold")
    figure.text(left, 1 - 52 / height, subtitle, va="top", fontsize=8, color=QUIET)
    figure.text(left, 1 - note_top / height, note, va="top", fontsize=7.5, color=QUIET)


def pixels(figure: Figure) -> tuple[int, int]:
    """Return width and height of a figure in pixels."""
    width, height = figure.get_size_inches() * DPI
    return round(width), round(height)


def spread(
    wanted: Sequence[float], gap: float, low: float, high: float
) -> npt.NDArray[np.float64]:
    """Move labels apart as little as possible.

    Parameters
    ----------
    wanted : sequence of float
        Where each label would be, ascending.
    gap : float
        Least distance of neighbours.
    low, high : float
        Range that the labels must stay in, where they fit.

    Returns
    -------
    ndarray, shape (n_labels,)
        Positions with the least sum of squared moves, ascending.
    """
    # Without the gaps that must lie before a label, the task is a monotone least-squares fit,
    # which pooling adjacent violators solves.
    pools: list[tuple[float, int]] = []
    for k, position in enumerate(wanted):
        mean, size = position - k * gap, 1
        while pools and pools[-1][0] > mean:
            other, count = pools.pop()
            mean = (mean * size + other * count) / (size + count)
            size += count
        pools.append((mean, size))
    fitted = np.repeat([mean for mean, _ in pools], [size for _, size in pools])
    offsets = gap * np.arange(len(wanted))
    last = offsets[-1] if len(wanted) else 0.0
    bounded: npt.NDArray[np.float64] = np.clip(fitted, low, max(low, high - last))
    return bounded + offsets


def save_png(figure: Figure, path: str | Path, record: Mapping[str, Any]) -> None:
    """Write a figure with its provenance; equal figures and records give equal bytes.

    Parameters
    ----------
    figure : Figure
        The figure; it is emptied.
    path : str or Path
        The file to make.
    record : mapping
        Provenance, found again by `repalign.tables.provenance.read_record`.
    """
    metadata = {"Software": None, KEY: encode(record)}
    with look(), atomic_file(path) as temporary:
        figure.savefig(temporary, format="png", dpi=DPI, metadata=metadata)
    figure.clear()
