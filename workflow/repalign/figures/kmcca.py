"""Images on the components that subjects share, and the words that go with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from repalign.errors import RepalignError
from repalign.figures.marks import table_note
from repalign.figures.palette import BLUE, GREEN, GREY, HUB_COLORS, ORANGE, PURPLE, SKY
from repalign.figures.parcels import HUB_TITLES
from repalign.figures.rows import Floats
from repalign.figures.style import INK, PIXEL, QUIET, axes_at, headings, look, new_figure
from repalign.tables.hubs import HUB_NAMES, HUBS
from repalign.tables.parquet import read_table

ANNOTATIONS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "category2": (
        "Category",
        {
            "Person (Sports)": BLUE,
            "Person (Other)": SKY,
            "Animal": GREEN,
            "Scene": ORANGE,
            "Object": PURPLE,
        },
    ),
    "scene_dominated2": (
        "Scene or elements",
        {
            "Scene-dominated": "#440154",
            "Elements-in-Scene": "#21918C",
            "Element-dominated": ORANGE,
        },
    ),
    "biology": (
        "Biology",
        {"Animated (Human)": BLUE, "Animated (Animal)": GREEN, "Inanimate": GREY},
    ),
}
"""Columns of projections that colour images: title, and colours by value. The levels of scenes are
ordered, so their colours are, too."""

COLUMNS = ("nsd_id", "roi", "cca_1", "cca_2", *ANNOTATIONS)
SIDE, LEFT, TOP, GAP, DOWN = 430, 130, 150, 60, 60
N_WORDS = 20
"""Words at each end."""


def unit_range(values: Floats) -> Floats:
    """Stretch values to 0..1, the smallest to the largest; equal ones to 0.5.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Finite.
    """
    low, span = values.min(), np.ptp(values)
    return (values - low) / span if span > 0 else np.full(values.shape, 0.5)


def projection_numbers(table: str | Path) -> pd.DataFrame:
    """Read where images lie on the first two components of each hub, on min-max axes.

    Parameters
    ----------
    table : str or Path
        `kmcca_projections.parquet`.

    Returns
    -------
    DataFrame
        `hub`, `nsd_id`, `x`, `y` (0..1 in each hub) and the columns of `ANNOTATIONS`.

    Raises
    ------
    RepalignError
        If a column is missing, or no hub is there.
    """
    frame = read_columns(table, COLUMNS)
    parts = []
    for hub in HUBS:
        part = frame[frame["roi"].astype(str) == hub]
        if len(part):
            x, y = (unit_range(part[name].to_numpy(dtype=np.float64)) for name in COLUMNS[2:4])
            parts.append(part.assign(hub=hub, x=x, y=y))
    if not parts:
        raise RepalignError(
            "no hub among its regions",
            where=table,
            expected=f"at least one of {', '.join(HUBS)}",
            remedy="Select regions of a hub in nsd.regions and run the workflow again.",
        )
    return pd.concat(parts, ignore_index=True)[["hub", "nsd_id", "x", "y", *ANNOTATIONS]]


def plot_projections(
    numbers: pd.DataFrame, table: str | Path, *, source: str | None = None
) -> Figure:
    """Draw images on the first two shared components: a row an annotation, a column a hub.

    Parameters
    ----------
    numbers : DataFrame
        As from `projection_numbers`.
    table : str or Path
        File that they are from.
    source : str, optional
        Whether the data are real or simulated.
    """
    hubs = [hub for hub in HUBS if hub in set(numbers["hub"])]
    width = LEFT + len(hubs) * (SIDE + GAP) + 240
    height = TOP + len(ANNOTATIONS) * (SIDE + DOWN) + 100
    with look():
        figure = new_figure(max(width, 1150), height)
        for row, column in enumerate(ANNOTATIONS):
            top = TOP + row * (SIDE + DOWN)
            for k, hub in enumerate(hubs):
                axes = axes_at(figure, LEFT + k * (SIDE + GAP), top, SIDE, SIDE)
                _scatter(axes, numbers[numbers["hub"] == hub], column)
                if row == 0:
                    axes.set_title(HUB_TITLES[hub], fontsize=9, fontweight="bold")
                if row == len(ANNOTATIONS) - 1:
                    axes.set_xlabel("shared component 1")
                if k == 0:
                    axes.set_ylabel("shared component 2")
            _legend(axes, column)
        headings(
            figure,
            "Images on the components that subjects share",
            "Every point is an image: kernel multi-view CCA over subjects, mean over subjects, "
            "axes from the smallest to the largest value",
            table_note(table, source, f"{numbers['nsd_id'].nunique()} images"),
            height - 45,
        )
    return figure


def _scatter(axes: Axes, part: pd.DataFrame, column: str) -> None:
    """Draw the images of one hub, coloured by one annotation."""
    colors = ANNOTATIONS[column][1]
    values = part[column].astype(str)
    alpha = 0.85 if len(part) < 200 else 0.65
    axes.scatter(
        part["x"], part["y"], s=26 if len(part) < 200 else 14,
        c=[colors.get(value, "0.85") for value in values],
        edgecolors="white", linewidths=0.3, alpha=alpha,
    )  # fmt: skip
    for value, color in colors.items():
        chosen = part[values == value]
        if len(chosen):
            axes.scatter(
                chosen["x"].mean(), chosen["y"].mean(), s=75, marker="D", color=color,
                edgecolors=INK, linewidths=1, zorder=3,
            )  # fmt: skip
    axes.set(xlim=(-0.04, 1.04), ylim=(-0.04, 1.04), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    axes.tick_params(labelsize=7)


def _legend(axes: Axes, column: str) -> None:
    """Name the colours of a row at its right, and say what diamonds are."""
    title, colors = ANNOTATIONS[column]
    handles = [
        Line2D([], [], marker="o", linestyle="", color=color, markersize=5, label=name)
        for name, color in colors.items()
    ]
    handles.append(
        Line2D([], [], marker="D", linestyle="", color="white", markeredgecolor=INK,
               markersize=6, label="mean of a group")
    )  # fmt: skip
    drawn = axes.legend(
        handles=handles, title=title, frameon=False, fontsize=7.5, title_fontsize=8.5,
        loc="upper left", bbox_to_anchor=(1.04, 1.0), borderaxespad=0, alignment="left",
    )  # fmt: skip
    drawn.get_title().set_fontweight("bold")


def word_numbers(table: str | Path, count: int = N_WORDS) -> pd.DataFrame:
    """Read the words with the highest and the lowest scores of each hub.

    Parameters
    ----------
    table : str or Path
        `kmcca_top_words_dimension.parquet`.
    count : int
        Words at each end; where there are fewer than twice as many, each word is there once.

    Returns
    -------
    DataFrame
        `hub`, `token`, `score`, `n_images`, `pvalue`, from the highest score to the lowest in each
        hub; equal scores by spelling.
    """
    frame = read_columns(table, ("hub", "token", "score", "n_images", "pvalue"))
    frame["hub"] = frame["hub"].astype(str)
    parts = []
    for name in HUB_NAMES.values():
        own = frame[frame["hub"] == name].sort_values(
            ["score", "token"], ascending=[False, True], kind="stable", ignore_index=True
        )
        keep = (own.index < count) | (own.index >= len(own) - count)
        parts.append(own[keep])
    return pd.concat(parts, ignore_index=True)


def plot_words(numbers: pd.DataFrame, table: str | Path, *, source: str | None = None) -> Figure:
    """Draw the words at both ends of the first shared component of each hub.

    Parameters
    ----------
    numbers : DataFrame
        As from `word_numbers`.
    table : str or Path
        File that they are from.
    source : str, optional
        Whether the data are real or simulated.
    """
    hubs = [hub for hub, name in HUB_NAMES.items() if name in set(numbers["hub"])]
    longest = max((int((numbers["hub"] == HUB_NAMES[hub]).sum()) for hub in hubs), default=1)
    high, width = max(26 * longest, 300), 370
    height, limit = high + 280, 1.08 * max(numbers["score"].abs().max(), 1e-9)
    with look():
        figure = new_figure(max(170 + len(hubs) * (width + 150), 1100), height)
        for k, hub in enumerate(hubs):
            axes = axes_at(figure, 170 + k * (width + 150), 140, width, high)
            _bars(
                axes, numbers[numbers["hub"] == HUB_NAMES[hub]], HUB_COLORS[HUB_NAMES[hub]], limit
            )
            axes.set_title(HUB_TITLES[hub], loc="left", fontsize=9, fontweight="bold")
        headings(
            figure,
            "Words at both ends of the first shared component",
            "Mean of the component over images whose first caption has the word; full colour: "
            "p < 0.05 in a permutation test of that word alone",
            table_note(table, source, f"at most {N_WORDS} words at each end of a hub"),
            height - 45,
        )
    return figure


def _bars(axes: Axes, part: pd.DataFrame, color: str, limit: float) -> None:
    """Draw the words of one hub, the highest score first."""
    rows = np.arange(len(part))
    strong = (part["pvalue"] < 0.05).to_numpy()
    bars = axes.barh(rows, part["score"], height=0.72, color=color)
    for bar, known in zip(bars, strong, strict=True):
        bar.set_alpha(1.0 if known else 0.35)
    axes.axvline(0, color=QUIET, linewidth=PIXEL)
    axes.set_yticks(rows, part["token"].tolist(), fontsize=7.5)
    axes.tick_params(axis="y", length=0)
    axes.set(ylim=(max(len(part), 12) - 0.4, -0.6), xlim=(-limit, limit))
    axes.set_xlabel("loading on component 1")


def read_columns(table: str | Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Read some columns of a table, all of which must be there.

    Parameters
    ----------
    table : str or Path
        The file.
    columns : tuple of str
        Their names.

    Raises
    ------
    RepalignError
        If one is missing.
    """
    found = read_table(table)
    missing = [name for name in columns if name not in found.column_names]
    if missing:
        raise RepalignError(
            f"no column {', '.join(missing)}",
            where=table,
            expected=f"columns {', '.join(columns)}",
            remedy="Delete it and run the workflow again.",
        )
    frame: pd.DataFrame = found.select(list(columns)).to_pandas()
    return frame
