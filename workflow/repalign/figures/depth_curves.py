"""Similarity of brain and models by relative layer depth: numbers, and panels of curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from repalign.figures.model_scores import DepthSummary
from repalign.figures.nothing import NothingToShowError
from repalign.figures.panels import (
    count,
    finish,
    legend_above,
    panel_grid,
    panel_title,
    source_note,
)
from repalign.figures.rows import Floats, mean_of_known, standard_error
from repalign.figures.style import QUIET, look

Series = Mapping[str, tuple[Sequence[str], Sequence[int]]]
"""Models and regions that one curve is averaged over, by its name."""


def series_curves(summary: DepthSummary, models: Sequence[str], rois: Sequence[int]) -> Floats:
    """Average curves over models and regions, every one of which counts equally.

    Parameters
    ----------
    summary : DepthSummary
        Of all models and regions.
    models : sequence of str
        Models that take part; those with one layer have no curve.
    rois : sequence of int
        Regions that take part.

    Returns
    -------
    ndarray, shape (n_subjects, n_points)
        NaN where nothing is defined.
    """
    at_models = [summary.models.index(name) for name in models]
    at_rois = [summary.rois.index(roi) for roi in rois]
    chosen = summary.curves[at_models][..., at_rois]
    return mean_of_known(mean_of_known(np.moveaxis(chosen, -1, 0)))


def curve_numbers(summary: DepthSummary, panels: Mapping[str, Series]) -> pd.DataFrame:
    """Work out all curves of a figure.

    Parameters
    ----------
    summary : DepthSummary
        Of all models and regions.
    panels : mapping
        The curves of each panel, by its title.

    Returns
    -------
    DataFrame
        panel, series, depth, similarity (mean over subjects of their means over models and
        regions), standard_error (over subjects), n_subjects, n_models, n_regions.
    """
    n_points = summary.curves.shape[2]
    depth = np.linspace(0, 1, n_points)
    frames = []
    for panel, series in panels.items():
        for name, (models, rois) in series.items():
            curves = series_curves(summary, models, rois)
            values: dict[str, Any] = {
                "panel": panel,
                "series": name,
                "depth": depth,
                "similarity": mean_of_known(curves),
                "standard_error": standard_error(curves),
                "n_subjects": (~np.isnan(curves)).sum(axis=0),
                "n_models": len(models),
                "n_regions": len(rois),
            }
            frames.append(pd.DataFrame(values))
    if not frames:
        raise NothingToShowError(
            "no curve to draw",
            where="hierarchy",
            expected="models with several layers, and regions that the figure shows",
            remedy="Add features of models with several layers, or select more regions.",
        )
    return pd.concat(frames, ignore_index=True)


def plot_curves(
    numbers: pd.DataFrame,
    colors: Mapping[str, str],
    title: str,
    subtitle: str,
    *,
    n_columns: int,
    shared: bool,
    source: str | None = None,
    omitted: Sequence[str] = (),
) -> Figure:
    """Draw a panel of curves for each panel of the numbers.

    Parameters
    ----------
    numbers : DataFrame
        From `curve_numbers`.
    colors : mapping of str to str
        Colour of each series.
    title, subtitle : str
        Which table is shown, and what of it.
    n_columns : int
        Panels in a row.
    shared : bool
        Whether all panels have the same scale of similarity.
    source : str, optional
        Whether the data are real or simulated.
    omitted : sequence of str
        Titles of panels for which there was no room; the note names them.

    Returns
    -------
    Figure
        Lines are means over subjects, bands their standard errors, dots the peaks.
    """
    titles = list(dict.fromkeys(numbers["panel"]))
    wide = n_columns <= 3
    size = (400, 300) if wide else (290, 210)
    with look():
        figure, axes = panel_grid(len(titles), n_columns, size, (104, 88), (130, 40, 74))
        for panel, own in zip(titles, axes, strict=True):
            part = numbers[numbers["panel"] == panel]
            _panel(own, part, colors)
            regions = sorted(set(part["n_regions"]))
            panel_title(
                own, f"{panel} ({regions[0]})" if len(regions) == 1 < regions[0] else panel
            )
        _limits(axes, shared=shared)
        _labels(axes, n_columns)
        legend_above(figure, list(colors.items()))
        note = (
            f"Mean over {count(int(numbers['n_subjects'].max()), 'subject')} ± standard error · "
            f"dots: layer of the largest absolute mean · {source_note(source)}"
        )
        in_brackets = any(own.get_title(loc="left").endswith(")") for own in axes)
        note += " · in brackets: regions" if in_brackets else ""
        note += "" if shared else " · each panel has a scale of its own"
        note += f" · not shown: {', '.join(omitted)}" if omitted else ""
        finish(figure, title, subtitle, note)
    return figure


def _panel(axes: Axes, part: pd.DataFrame, colors: Mapping[str, str]) -> None:
    """Draw the curves of one panel."""
    axes.axhline(0, color=QUIET, linewidth=0.6, linestyle=(0, (2, 2)), zorder=1)
    for name, color in colors.items():
        curve = part[part["series"] == name]
        mean, error = curve["similarity"].to_numpy(), curve["standard_error"].to_numpy()
        depth = curve["depth"].to_numpy()
        if np.isnan(mean).all():
            continue
        band = np.nan_to_num(error)
        axes.fill_between(depth, mean - band, mean + band, color=color, alpha=0.22, linewidth=0)
        axes.plot(depth, mean, color=color, linewidth=1.5, label=name)
        peak = int(np.nanargmax(np.abs(mean)))
        axes.plot(depth[peak], mean[peak], "o", color=color, markersize=4, markeredgewidth=0)
    axes.set(xlim=(-0.02, 1.02), xticks=[0, 0.25, 0.5, 0.75, 1])
    axes.set_xticklabels(["0", "", "0.5", "", "1"])
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.tick_params(labelsize=7.5)


def _limits(axes: Sequence[Axes], *, shared: bool) -> None:
    """Give all panels one scale, or leave each its own; 0 is always in view."""
    limits = [own.get_ylim() for own in axes]
    low, high = min(lim[0] for lim in limits), max(lim[1] for lim in limits)
    for own, (own_low, own_high) in zip(axes, limits, strict=True):
        own.set_ylim((low, high) if shared else (min(own_low, 0), max(own_high, 0)))


def _labels(axes: Sequence[Axes], n_columns: int) -> None:
    """Name the axes at the left and at the bottom of each column."""
    for k, own in enumerate(axes):
        if k % n_columns == 0:
            own.set_ylabel("RDM similarity (r)", fontsize=7.5)
        if k + n_columns >= len(axes):
            own.set_xlabel("relative layer depth", fontsize=7.5)
