"""A page about a dataset: what there is of each subject, and how good it is."""

from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from repalign.figures.dataset_numbers import (
    MOST_POINTS,
    DatasetNumbers,
    Reliability,
    voxel_counts,
)
from repalign.figures.palette import BLUE, GREEN
from repalign.figures.panels import source_note
from repalign.figures.rows import Floats
from repalign.figures.style import INK, PIXEL, QUIET, axes_at, headings, look, new_figure

WIDTH, LEFT, GUTTER = 1600, 110, 160
PANEL = (WIDTH - LEFT - GUTTER - 50) // 2
LINE = 30
NAMED = 40
"""Up to this many regions, each one has its name."""
MOST_SHOWINGS = 6
"""More showings than this are counted together."""

HEADINGS = {
    "subject": "subject",
    "sessions": "sessions",
    "trials": "trials",
    "images": "images",
    "shared_images": "shared\nimages",
    "shared_trials": "trials of\nshared images",
    "missing": "missing\nshowings",
    "regions": "regions",
    "voxels": "voxels",
    "dead": "dead\nvoxels",
    "flagged": "regions with\na problem",
}


def plot_dataset(
    title: str,
    numbers: DatasetNumbers,
    reliability: Reliability | None,
    *,
    unit: str = "voxels",
    source: str | None = None,
) -> Figure:
    """Draw what a dataset holds of each subject.

    Parameters
    ----------
    title : str
        Name of the dataset.
    numbers : DatasetNumbers
        Of n_subjects subjects.
    reliability : Reliability, optional
        How well responses repeat; None where the dataset shows too few images again.
    unit : str
        What responses are of.
    source : str, optional
        Whether the data are real or simulated.

    Returns
    -------
    Figure
        A table above four panels.
    """
    n_subjects = len(numbers.subjects)
    top = 130
    first = top + LINE * (n_subjects + 2) + 70
    second = first + max(230, 26 * n_subjects) + 150
    height = second + 300 + 180
    right = LEFT + PANEL + GUTTER
    with look():
        figure = new_figure(WIDTH, height)
        _table(figure, numbers.subjects, top, unit)
        high = second - first - 150
        _sessions(axes_at(figure, LEFT, first, PANEL - 70, high), figure, numbers)
        _showings(axes_at(figure, right, first, PANEL - 110, high), numbers)
        _voxels(axes_at(figure, LEFT, second, PANEL, 300), numbers.quality, unit)
        _reliability(axes_at(figure, right, second, PANEL, 300), reliability)
        headings(
            figure,
            f"{title}: what there is, and how good it is",
            f"{n_subjects} subjects · {int(numbers.subjects['trials'].sum()):,} trials · "
            f"{int(numbers.subjects['voxels'].sum()):,} {unit} in the selected regions",
            source_note(source),
            height - 40,
        )
    return figure


def _table(figure: Figure, subjects: pd.DataFrame, top: int, unit: str) -> None:
    """Write the numbers of each subject, and their sums where sums mean something."""
    axes = axes_at(figure, 24, top, WIDTH - 60, LINE * (len(subjects) + 2))
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(len(subjects) + 1, -1))
    places = np.linspace(0.055, 0.995, len(HEADINGS))
    axes.hlines([-0.1, len(subjects)], 0, 1, color=INK, linewidth=0.6, clip_on=False)
    for place, (name, heading) in zip(places, HEADINGS.items(), strict=True):
        text = heading.replace("voxels", unit)
        axes.text(place, -0.35, text, ha="right", va="bottom", fontsize=7.5, color=QUIET)
        for row, value in enumerate(subjects[name]):
            lacking = name == "missing" and value < 0
            axes.text(
                place, row + 0.45, "–" if lacking else f"{int(value):,}", ha="right",
                va="center", fontsize=8, fontweight="bold" if name == "subject" else "normal",
            )  # fmt: skip


def _sessions(axes: Axes, figure: Figure, numbers: DatasetNumbers) -> None:
    """Draw the trials of each session; sessions that a subject lacks stay hatched."""
    values = numbers.sessions
    image = axes.imshow(
        values, aspect="auto", cmap="cividis", vmin=0, vmax=np.nanmax(values),
        interpolation="none", extent=(0.5, values.shape[1] + 0.5, len(values) - 0.5, -0.5),
    )  # fmt: skip
    axes.hlines(np.arange(1, len(values)) - 0.5, *axes.get_xlim(), color="white", linewidth=1.5)
    axes.patch.set(facecolor="0.92", edgecolor="0.65", hatch="////")
    axes.spines[:].set(visible=True, linewidth=PIXEL)
    axes.set_yticks(range(len(values)), [str(s) for s in numbers.subjects["subject"]])
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
    axes.set(xlabel="session (hatched: not there)", ylabel="subject")
    axes.set_title("Trials of each session", loc="left", fontsize=9)
    bar = figure.colorbar(image, ax=axes, fraction=0.035, pad=0.02, ticks=MaxNLocator(4))
    bar.ax.tick_params(labelsize=7)


def _showings(axes: Axes, numbers: DatasetNumbers) -> None:
    """Draw how many images each subject was shown how often, as stacked bars."""
    shown = numbers.shown
    if shown.shape[1] > MOST_SHOWINGS + 1:
        more = shown[:, MOST_SHOWINGS:].sum(axis=1, keepdims=True)
        shown = np.hstack([shown[:, :MOST_SHOWINGS], more])
    colors = matplotlib.colormaps["viridis"](np.linspace(0.9, 0.1, max(shown.shape[1] - 1, 1)))
    start = np.zeros(len(shown))
    for times, column in enumerate(shown.T):
        if not column.any():
            continue
        at_least = "+" if times == MOST_SHOWINGS else ""
        axes.barh(
            range(len(shown)), column, left=start, height=0.72, edgecolor="white", linewidth=0.5,
            color="0.85" if times == 0 else colors[times - 1],
            label="never" if times == 0 else f"{times}{at_least}×",
        )  # fmt: skip
        start += column
    axes.set_yticks(range(len(shown)), [str(s) for s in numbers.subjects["subject"]])
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set(xlabel="shared images" if numbers.of_shared else "images", ylabel="subject")
    axes.set_title("Images by how often they were shown", loc="left", fontsize=9)
    axes.legend(
        frameon=False, fontsize=7.5, loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0
    )


def _voxels(axes: Axes, quality: pd.DataFrame, unit: str) -> None:
    """Draw the number of voxels of each region, every subject."""
    frame = voxel_counts(quality)
    names = [str(name) for name in frame.index]
    _by_region(axes, names, list(frame.to_numpy(dtype=np.float64)), BLUE)
    low, high = np.nanmin(frame.to_numpy()), np.nanmax(frame.to_numpy())
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    if 0 < low < high / 20:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylabel(f"{unit} of a subject")
    axes.set_title(f"{unit.capitalize()} of each region", loc="left", fontsize=9)


def _reliability(axes: Axes, reliability: Reliability | None) -> None:
    """Draw how well the responses of each region repeat."""
    axes.set_title("Reliability of each region", loc="left", fontsize=9)
    if reliability is None:
        axes.set_axis_off()
        axes.text(
            0, 0.9, "No table of repeated showings with shift 1:\ntoo few images are shown again.",
            va="top", color=QUIET, transform=axes.transAxes,
        )  # fmt: skip
        return
    axes.axhline(0, color=QUIET, linewidth=PIXEL, zorder=0)
    _by_region(axes, list(reliability.names), list(reliability.values), GREEN)
    axes.set_ylabel(reliability.label)


def _by_region(axes: Axes, names: list[str], columns: list[Floats], color: str) -> None:
    """Draw values and medians: named regions in their order, or by rank where they are many."""
    columns = [column[~np.isnan(column)] for column in columns]
    medians = np.array([np.median(column) if column.size else np.nan for column in columns])
    order = range(len(names))
    if len(names) > NAMED:
        order = np.argsort(-np.nan_to_num(medians, nan=-np.inf), kind="stable").tolist()
    slot = PANEL * PIXEL / max(len(names), 4)
    # Marks of neighbours must not touch, however many regions there are.
    wide = float(np.clip(0.75 * slot, 0.8, 7))
    for place, k in enumerate(order, start=1):
        column = columns[k]
        if column.size > MOST_POINTS:
            low, high = np.quantile(column, [0.25, 0.75])
            axes.plot([place, place], [low, high], color=color, linewidth=min(3, wide), alpha=0.5)
        else:
            axes.scatter([place] * column.size, column, s=min(7, wide**2), color=color, alpha=0.6,
                         linewidths=0)  # fmt: skip
    axes.plot(
        range(1, len(names) + 1), medians[list(order)], linestyle="", marker="_",
        markersize=wide, markeredgewidth=1.3, color=INK,
    )  # fmt: skip
    axes.set_xlim(0.3, max(len(names), 4) + 0.7)
    if len(names) <= NAMED:
        axes.set_xticks(range(1, len(names) + 1), names, rotation=90, fontsize=7)
        axes.tick_params(axis="x", length=0)
    else:
        round_ranks = MaxNLocator(7, integer=True).tick_values(0, len(names))
        axes.set_xticks([1, *(int(tick) for tick in round_ranks if 1 < tick <= len(names))])
        axes.set_xlabel(f"rank of the region ({len(names)} in all)")
