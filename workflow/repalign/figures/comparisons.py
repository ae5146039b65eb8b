"""Pairs of measures of the same regions as scatters: statistics, repetitions, shifts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from repalign.figures.model_scatter import LawFit, add_law, fit_law, law_text
from repalign.figures.numbers import Numbers
from repalign.figures.pair_values import PairValues
from repalign.figures.regions import Region
from repalign.figures.rows import Floats, mean_of_known
from repalign.figures.scatter import (
    caption,
    correlations,
    curve,
    frame,
    group_legend,
    identity,
    label_points,
    points,
    scientific,
    signed,
)
from repalign.figures.style import axes_at, headings, look, new_figure

PANEL, TOP, GAP = 560, 205, 130


@dataclass(frozen=True)
class Panel:
    """One scatter of regions.

    Attributes
    ----------
    title, x_label, y_label : str
        Texts.
    x, y : ndarray, shape (n_rois,)
        Values; NaN are left out.
    same : bool
        Whether both axes have one scale and the line of equality.
    fit : LawFit or None
        Power law of the panel.
    note : str
        A line below the correlations.
    """

    title: str
    x_label: str
    y_label: str
    x: Floats
    y: Floats
    same: bool = False
    fit: LawFit | None = None
    note: str = ""


@dataclass(frozen=True)
class ShiftCheck:
    """Whether shift 1 and shift 2 agree, as they must.

    Shift 2 of subjects (i, j) is shift 1 of (j, i): both match repetitions 1-2, 2-3 and 3-1.

    Attributes
    ----------
    group : float
        Largest difference over regions of the means over all ordered pairs; rounding, or wrong.
    mirrored : float
        Largest difference of shift 2 of (i, j) from shift 1 of (j, i); 0, or wrong.
    pairs : float
        Largest difference of the two shifts of the same ordered pair: noise of the trials.
    """

    group: float
    mirrored: float
    pairs: float


def check_shifts(one: PairValues, two: PairValues) -> ShiftCheck:
    """Compare shift 1 with shift 2.

    Parameters
    ----------
    one, two : PairValues
        Of the same subjects and regions, shifted by one and by two of three repetitions.

    Returns
    -------
    ShiftCheck
        NaN where nothing can be compared.
    """
    mean_one, mean_two = mean_of_known(one.pairs()), mean_of_known(two.pairs())
    own = one.value.transpose(1, 0, 2) - two.value
    return ShiftCheck(
        largest(mean_one - mean_two), largest(own), largest(one.pairs() - two.pairs())
    )


def largest(values: Floats) -> float:
    """Return the largest absolute value; NaN where there is none."""
    known = np.abs(values[np.isfinite(values)])
    return float(known.max()) if known.size else float("nan")


def statistics_panels(pearson: Floats, spearman: Floats, cka: Floats) -> list[Panel]:
    """Return the three pairs of statistics, each of shape (n_rois,)."""
    r, rho, kernel = "RSA, Pearson r", "RSA, Spearman ρ", "unbiased linear CKA"
    return [
        Panel("Pearson and Spearman", r, rho, pearson, spearman, same=True),
        Panel("Pearson and CKA", r, kernel, pearson, cka),
        Panel("Spearman and CKA", rho, kernel, spearman, cka),
    ]


def reliability_panels(within: Floats, between: Floats, n_samples: int, seed: int) -> list[Panel]:
    """Return similarity between subjects by that within them, both of shape (n_rois,)."""
    return [
        Panel(
            "Within and between subjects",
            "within subjects, shift 1 (Pearson r of RDMs)",
            "between subjects, shift 1 (Pearson r of RDMs)",
            within,
            between,
            same=True,
            fit=fit_law(within, between, n_samples, seed),
        )
    ]


def shift_panels(
    zero: Floats, one: PairValues, two: PairValues, n_samples: int, seed: int
) -> tuple[list[Panel], ShiftCheck]:
    """Return the panels of shifts, and what comparing shift 1 with shift 2 gives.

    Parameters
    ----------
    zero : ndarray, shape (n_rois,)
        Means over pairs without a shift.
    one, two : PairValues
        With shift 1 and 2.
    n_samples, seed : int
        Of the bootstrap.

    Returns
    -------
    panels : list of Panel
        Shift 0 and 1, shift 1 and 2.
    check : ShiftCheck
        Of the second.
    """
    mean_one, mean_two = mean_of_known(one.pairs()), mean_of_known(two.pairs())
    check = check_shifts(one, two)
    labels = [f"between subjects, shift {k} (Pearson r of RDMs)" for k in (0, 1, 2)]
    note = f"largest difference of a region: {scientific(check.group)}"
    return [
        Panel("Shift 0 and 1", labels[0], labels[1], zero, mean_one, same=True,
              fit=fit_law(zero, mean_one, n_samples, seed)),
        Panel("Shift 1 and 2: the same pairs of trials", labels[1], labels[2], mean_one, mean_two,
              same=True, note=note),
    ], check  # fmt: skip


def numbers_of(
    panels: Sequence[Panel], regions: Sequence[Region], check: ShiftCheck | None = None
) -> Numbers:
    """Return the numbers that are drawn."""
    numbers = Numbers()
    index = [region.index for region in regions]
    labels = [region.label for region in regions]
    for panel in panels:
        columns = {panel.x_label: panel.x[index], panel.y_label: panel.y[index]}
        numbers.columns(panel.title, labels, columns)
        if panel.fit is not None:
            add_law(numbers, panel.title, panel.fit)
            continue
        r, rho, n = correlations(panel.x, panel.y)
        for quantity, value in (("pearson_r", r), ("spearman_rho", rho), ("n_regions", float(n))):
            numbers.add(panel.title, "all regions", quantity, value)
    if check is not None:
        for quantity in ("group", "mirrored", "pairs"):
            name = f"largest_difference_{quantity}"
            numbers.add(panels[-1].title, "all regions", name, getattr(check, quantity))
    return numbers


def plot_panels(
    panels: Sequence[Panel],
    arranged: Sequence[Region],
    title: str,
    subtitle: str,
    note: str,
    *,
    panel_size: int = PANEL,
) -> Figure:
    """Draw scatters side by side.

    Parameters
    ----------
    panels : sequence of Panel
        At least one.
    arranged : sequence of Region
        Regions of the values; `index` is their place.
    title, subtitle, note : str
        Texts above and below.
    panel_size : int
        Width and height of a panel in pixels.

    Returns
    -------
    Figure
        With the groups of areas named at the right.
    """
    step = panel_size + GAP
    # Wide enough for the lines above and below a single panel.
    width = max(110 + len(panels) * step + 300, 1300)
    height = TOP + panel_size + 170
    with look():
        figure = new_figure(width, height)
        for k, panel in enumerate(panels):
            _draw(axes_at(figure, 110 + k * step, TOP, panel_size, panel_size), panel, arranged)
        group_legend(figure, arranged, 110 + len(panels) * step - 30, TOP)
        headings(figure, title, subtitle, note, height - 72)
    return figure


def _draw(axes: Axes, panel: Panel, arranged: Sequence[Region]) -> None:
    """Draw one scatter."""
    x, y = panel.x, panel.y
    frame(axes, x, y, same=panel.same)
    avoid = np.empty((0, 2))
    if panel.same:
        avoid = identity(axes)
    points(axes, x, y, arranged)
    if panel.fit is None:
        r, rho, n = correlations(x, y)
        text = f"Pearson r = {signed(r)},  Spearman ρ = {signed(rho)},  n = {n}"
    else:
        avoid = np.vstack([avoid, curve(axes, panel.fit.law, panel.fit.samples)])
        text = law_text(panel.fit)
    text += f"\n{panel.note}" if panel.note else ""
    caption(axes, panel.title, text)
    label_points(axes, x, y, arranged, avoid)
    axes.set_xlabel(panel.x_label)
    axes.set_ylabel(panel.y_label)
