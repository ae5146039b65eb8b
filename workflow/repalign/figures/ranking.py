"""Ranking: regions by how similar they are across subjects, with the spread of subjects."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from repalign.figures.regions import Region, arrange
from repalign.figures.rows import standard_error
from repalign.figures.rsa import COMPARISONS, SimilaritySummary, describe
from repalign.figures.style import INK, PIXEL, QUIET, axes_at, headings, look, new_figure

WIDTH, HEIGHT = 1600, 1240
TOP, BOTTOM = 120, 150
N_NAMED = 30
"""Regions that are shown one by one."""

WITHIN = "0.62"


def plot_ranking(
    summary: SimilaritySummary,
    regions: pd.DataFrame,
    title: str,
    *,
    comparison: str = "pearson",
    source: str | None = None,
) -> Figure:
    """Rank regions by their mean inter-subject similarity.

    Parameters
    ----------
    summary : SimilaritySummary
        Of n_rois regions and n_subjects subjects.
    regions : DataFrame
        As read by `repalign.tables.prepared.read_regions`.
    title : str
        Which table is shown.
    comparison : {'pearson', 'spearman'}
        How RDMs were compared.
    source : str, optional
        Whether the data are real or simulated.

    Returns
    -------
    Figure
        Left: all regions that have a value. Right: the best 30 by name, with every subject.
    """
    arranged = arrange(regions, summary.rois, joined=summary.joined)
    mean = np.diag(summary.inter)
    defined = [region for region in arranged if not np.isnan(mean[region.index])]
    # Stable: equal values keep the anatomical order.
    ranked = sorted(defined, key=lambda region: -mean[region.index])
    label = f"RDM similarity ({COMPARISONS[comparison]})"
    n_groups = len({region.group for region in arranged})
    legends = 165 + 23 * -(-n_groups // 2)
    with look():
        figure = new_figure(WIDTH, HEIGHT)
        left = axes_at(figure, 100, TOP, 690, HEIGHT - TOP - BOTTOM - legends + 50)
        right = axes_at(figure, 930, TOP, 640, HEIGHT - TOP - BOTTOM)
        _curve(left, summary, ranked, label)
        _names(right, summary, ranked[:N_NAMED], label)
        _group_legend(figure, arranged)
        headings(
            figure,
            title,
            "Similarity of the RDM of a region of subject i with that of the same region of "
            "subject j ≠ i",
            describe(summary, source) + (" (*)" if summary.incomplete.any() else ""),
            HEIGHT - 62,
        )
    return figure


def _curve(axes: Axes, summary: SimilaritySummary, ranked: list[Region], label: str) -> None:
    """Draw all regions by rank: subjects as light points, mean and standard error."""
    index = np.array([region.index for region in ranked], dtype=int)
    colors = [region.color for region in ranked]
    rank = np.arange(1, len(ranked) + 1)
    subjects = summary.subject_diagonal[:, index]
    mean = np.diag(summary.inter)[index]
    error = np.nan_to_num(standard_error(subjects))
    axes.axhline(0, color=QUIET, linewidth=PIXEL, zorder=0)
    if _shows_within(summary):
        axes.scatter(
            rank,
            np.diag(summary.within)[index],
            s=9,
            marker="D",
            facecolors="none",
            edgecolors=WITHIN,
            linewidths=0.6,
            label="within subjects (i = j), mean",
        )
    axes.scatter(
        np.tile(rank, len(subjects)),
        subjects.ravel(),
        s=3,
        color="0.75",
        linewidths=0,
        label="one subject with all others",
    )
    axes.fill_between(
        rank,
        mean - error,
        mean + error,
        color="0.35",
        alpha=0.35,
        linewidth=0,
        label="mean ± SEM over subjects",
    )
    axes.scatter(rank, mean, s=14, c=colors, edgecolors=INK, linewidths=0.3, zorder=3)
    last = max(len(ranked), 1)
    axes.set_xlim(0.5 - 0.02 * last, last * 1.02 + 0.5)
    round_ranks = MaxNLocator(7, integer=True).tick_values(0, last)
    axes.set_xticks([1, *(int(tick) for tick in round_ranks if 1 < tick <= len(ranked))])
    axes.set(xlabel=f"rank of the region ({len(ranked)} in all)", ylabel=label)
    axes.set_title("All regions", loc="left", fontsize=9)
    axes.legend(
        frameon=False,
        fontsize=7.5,
        loc="upper left",
        bbox_to_anchor=(0, -78 / (axes.get_position().height * HEIGHT)),
        ncols=2,
        scatterpoints=3,
        borderaxespad=0,
        borderpad=0,
        columnspacing=1.5,
        labelspacing=0.45,
    )


def _names(axes: Axes, summary: SimilaritySummary, best: list[Region], label: str) -> None:
    """Draw the best regions by name, one row each."""
    axes.axvline(0, color=QUIET, linewidth=PIXEL, zorder=0)
    mean, within = np.diag(summary.inter), np.diag(summary.within)
    error = standard_error(summary.subject_diagonal)
    for row, region in enumerate(best):
        k = region.index
        points = summary.subject_diagonal[:, k]
        axes.axhline(row, color="0.93", linewidth=PIXEL, zorder=0)
        axes.scatter(
            points,
            np.full(len(points), row),
            s=16,
            color=region.color,
            edgecolors="white",
            linewidths=0.3,
            zorder=2,
        )
        axes.errorbar(
            mean[k],
            row,
            xerr=None if np.isnan(error[k]) else error[k],
            fmt="|",
            color=INK,
            markersize=8,
            markeredgewidth=1.1,
            elinewidth=1.1,
            zorder=3,
        )
        if _shows_within(summary):
            axes.scatter(
                within[k],
                row,
                s=12,
                marker="D",
                facecolors="none",
                edgecolors=WITHIN,
                linewidths=0.7,
                zorder=1,
            )
    marks = np.where(summary.incomplete, " *", "")
    axes.set_yticks(
        range(len(best)), [region.label + marks[region.index] for region in best], fontsize=8
    )
    axes.tick_params(axis="y", length=0)
    # As many rows as are there, never thicker than thirty would be.
    axes.set_ylim(max(len(best), min(N_NAMED, 12)) - 0.4, -0.6)
    axes.set_xlabel(label)
    which = f"Top {len(best)} regions" if len(best) == N_NAMED else "Regions by name"
    axes.set_title(f"{which}: every subject, mean ± SEM", loc="left", fontsize=9)


def _group_legend(figure: Figure, arranged: list[Region]) -> None:
    """Name the colours of all groups below the left panel."""
    colors = {region.group: region.color for region in arranged}
    handles = [
        Line2D(
            [],
            [],
            marker="o",
            linestyle="",
            color=color,
            markeredgecolor=INK,
            markeredgewidth=0.3,
            markersize=5,
            label=name,
        )
        for name, color in colors.items()
    ]
    figure.legend(
        handles=handles,
        ncols=2,
        frameon=False,
        fontsize=7.5,
        loc="lower left",
        bbox_to_anchor=(90 / WIDTH, (BOTTOM - 50) / HEIGHT),
        borderpad=0,
        borderaxespad=0,
        handletextpad=0.2,
        columnspacing=1.5,
        labelspacing=0.45,
    )


def _shows_within(summary: SimilaritySummary) -> bool:
    """Return whether similarity within subjects means something: without a shift it is 1."""
    return summary.shift != 0
