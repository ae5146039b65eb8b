"""Two conditions compared by region over subjects, with tests: numbers and boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from repalign.errors import RepalignError
from repalign.figures.boxes import draw_boxes
from repalign.figures.marks import SHARED_PAIRS, star_row, table_note
from repalign.figures.rows import Floats, mean_of_known
from repalign.figures.style import INK, PIXEL, QUIET, axes_at, headings, look, new_figure
from repalign.kernels.contrasts import Contrast, contrast
from repalign.kernels.pvalues import apa_star

TEST_NAMES = {"paired": "paired t test", "welch": "Welch's t test"}
CORRECTION_NAMES = {"bonferroni": "Bonferroni", "bh": "Benjamini–Hochberg"}


@dataclass(frozen=True)
class Comparison:
    """Two conditions in the same subjects.

    Attributes
    ----------
    groups : tuple of str
        What is compared: regions or hubs.
    subjects : tuple of int
        Rows of the values.
    conditions : tuple of str
        Names of the two conditions, as the figure shows them.
    first, second : ndarray, shape (n_subjects, n_groups)
        For each subject i the mean over j != i.
    tests : Contrast
        First against second.
    test, correction : str
        Which they are.
    """

    groups: tuple[str, ...]
    subjects: tuple[int, ...]
    conditions: tuple[str, str]
    first: Floats
    second: Floats
    tests: Contrast
    test: str
    correction: str

    def numbers(self) -> pd.DataFrame:
        """Return what is drawn: one row a group, condition and subject, with the tests."""
        rows = [
            {
                "group": group,
                "condition": name,
                "subject": subject,
                "similarity": values[row, k],
                **{key: getattr(self.tests, key)[k] for key in self.tests._fields},
            }
            for k, group in enumerate(self.groups)
            for name, values in zip(self.conditions, (self.first, self.second), strict=True)
            for row, subject in enumerate(self.subjects)
        ]
        return pd.DataFrame(rows)


def compare(
    groups: Mapping[str, tuple[Sequence[int], Floats, Floats]],
    rois: Sequence[int],
    subjects: Sequence[int],
    conditions: tuple[str, str],
    *,
    test: str,
    correction: str,
) -> Comparison:
    """Average the regions of each group and test one condition against the other.

    Parameters
    ----------
    groups : mapping of str to (ids, first, second)
        Ids of the regions of each group, and both conditions as (n_subjects, n_rois).
    rois : sequence of int
        Region of each column.
    subjects : sequence of int
        Subject of each row.
    conditions : tuple of str
        Their names.
    test, correction : str
        As `repalign.kernels.contrasts.contrast` takes them.
    """
    place = {roi: k for k, roi in enumerate(rois)}

    def mean(values: Floats, members: Sequence[int]) -> Floats:
        return mean_of_known(values[:, [place[roi] for roi in members]].T)

    first = np.array([mean(a, members) for members, a, _ in groups.values()]).T
    second = np.array([mean(b, members) for members, _, b in groups.values()]).T
    tests = contrast(first, second, test=test, correction=correction)
    names = tuple(groups)
    return Comparison(names, tuple(subjects), conditions, first, second, tests, test, correction)


def subject_diagonals(
    frame: pd.DataFrame, subjects: Sequence[int], rois: Sequence[int], table: str | Path
) -> Floats:
    """Return for each subject i the mean over j != i of a region's similarity with itself.

    Parameters
    ----------
    frame : DataFrame
        Rows of one condition, with the columns of inter-subject RSA tables.
    subjects, rois : sequence of int
        Ids that the rows must have.
    table : str or Path
        Name of the file in errors.

    Returns
    -------
    ndarray, shape (n_subjects, n_rois)
        NaN where no pair has a value.

    Raises
    ------
    RepalignError
        If rows are missing or doubled.
    """
    own = frame[(frame["subject_i"] != frame["subject_j"]) & (frame["roi_x"] == frame["roi_y"])]
    expected = len(subjects) * (len(subjects) - 1) * len(rois)
    keys = own[["subject_i", "subject_j", "roi_x"]]
    known = own["subject_i"].isin(subjects) & own["roi_x"].isin(rois)
    if len(own) != expected or keys.duplicated().any() or not known.all():
        raise RepalignError(
            f"{len(own)} rows of a region with itself in different subjects, "
            f"{int(keys.duplicated().sum())} of them doubled",
            where=table,
            expected=f"{expected}: every ordered pair of {len(subjects)} subjects, {len(rois)} "
            "regions",
            remedy="Delete it and run the workflow again.",
        )
    means = own.assign(similarity=own["similarity"].astype(np.float64)).pivot_table(
        index="subject_i", columns="roi_x", values="similarity", aggfunc="mean", dropna=False
    )
    values: Floats = means.reindex(index=list(subjects), columns=list(rois)).to_numpy()
    return values


def plot_comparison(
    comparison: Comparison,
    colors: Sequence[tuple[str, str]],
    title: str,
    subtitle: str,
    table: str | Path,
    *,
    source: str | None = None,
) -> Figure:
    """Draw both conditions of each group as boxes over subjects, with the tests above.

    Parameters
    ----------
    comparison : Comparison
        Of n_groups groups.
    colors : sequence of (str, str)
        Colours of both conditions of each group.
    title, subtitle : str
        What is shown.
    table : str or Path
        File that it is from.
    source : str, optional
        Whether the data are real or simulated.
    """
    n_groups = len(comparison.groups)
    width = min(1600, max(1240, 150 + 130 * n_groups))
    with look():
        figure = new_figure(width, 760)
        axes = axes_at(figure, 110, 165, width - 160, 440)
        draw_comparison(axes, comparison, colors)
        headings(figure, title, subtitle, comparison_note(comparison, table, source), 695)
    return figure


def draw_comparison(
    axes: Axes,
    comparison: Comparison,
    colors: Sequence[tuple[str, str]],
    label: str = "RDM similarity (Pearson r)",
) -> None:
    """Draw boxes of both conditions side by side, stars above, names below."""
    places = np.arange(len(comparison.groups), dtype=float)
    axes.axhline(0, color=QUIET, linewidth=PIXEL, zorder=0)
    for side, values in enumerate((comparison.first, comparison.second)):
        shades = [pair[side] for pair in colors]
        draw_boxes(axes, places + (side - 0.5) * 0.4, values, shades, width=0.32, point=0)
    for k in range(len(places)):
        pairs = np.array([comparison.first[:, k], comparison.second[:, k]])
        axes.plot([k - 0.2, k + 0.2], pairs, color=INK, alpha=0.5, linewidth=0.5, marker=".",
                  markersize=3.5, zorder=4)  # fmt: skip
    star_row(axes, places.tolist(), [apa_star(p) for p in comparison.tests.adjusted])
    many = len(places) > 6
    axes.set_xticks(places, comparison.groups, rotation=45 if many else 0,
                    ha="right" if many else "center", fontsize=8)  # fmt: skip
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.6, len(places) - 0.4)
    axes.set_ylabel(label)
    axes.legend(
        handles=condition_handles(comparison, colors), frameon=False, fontsize=8,
        loc="lower left", bbox_to_anchor=(0, 1.05), ncols=2, borderaxespad=0,
    )  # fmt: skip


def condition_handles(comparison: Comparison, colors: Sequence[tuple[str, str]]) -> list[Line2D]:
    """Return the legend of both conditions; grey shades where groups have colours of their own."""
    one = len(set(colors)) == 1
    shown = colors[0] if one else ("0.75", "0.35")
    return [
        Line2D([], [], marker="s", linestyle="", color=color, markeredgecolor=INK,
               markersize=7, markeredgewidth=0.6, label=name)
        for name, color in zip(comparison.conditions, shown, strict=True)
    ]  # fmt: skip


def comparison_note(comparison: Comparison, table: str | Path, source: str | None) -> str:
    """Return the note below: what a point is, and which test the stars are of."""
    n_tests = int(np.count_nonzero(~np.isnan(comparison.tests.p)))
    note = table_note(
        table,
        source,
        f"{len(comparison.subjects)} subjects",
        f"{TEST_NAMES[comparison.test]}, {CORRECTION_NAMES[comparison.correction]} over "
        f"{n_tests} tests",
    )
    return f"{note}\nStars: {SHARED_PAIRS}"
