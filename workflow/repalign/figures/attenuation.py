"""All measures as power laws of one latent reliability: the joint fit, drawn and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from repalign.figures.numbers import Numbers
from repalign.figures.palette import BLUE, ORANGE, VERMILION
from repalign.figures.panels import source_note
from repalign.figures.regions import Region
from repalign.figures.rows import Floats
from repalign.figures.scatter import frame, identity
from repalign.figures.style import (
    INK,
    PIXEL,
    QUIET,
    axes_at,
    headings,
    look,
    new_figure,
    spread,
)
from repalign.kernels.attenuation import Attenuation, fit_attenuation

MEASURES = ("WS", "IS-0", "IS-1", "V-M")
NAMES = {
    "WS": "within subjects, shift 1",
    "IS-0": "inter-subject, shift 0",
    "IS-1": "inter-subject, shift 1",
    "V-M": "vision models",
}
COLORS = {"WS": INK, "IS-0": ORANGE, "IS-1": BLUE, "V-M": VERMILION}
PUBLISHED = {"WS": (0.85, 1.63), "IS-0": (0.63, 1.23), "IS-1": (0.99, 2.17), "V-M": (0.29, 1.00)}
"""Factors and exponents that were published for NSD, shown for reference."""

WIDTH, HEIGHT, PANEL, TOP = 2000, 1010, 540, 140
N_NAMED = 20


@dataclass(frozen=True)
class AttenuationFit:
    """The fit and what was fitted.

    Attributes
    ----------
    values : ndarray, shape (n_regions, 4)
        Means of the regions that have all of `MEASURES`.
    kept : ndarray of bool, shape (n_rois,)
        Which regions these are.
    fit : Attenuation or None
        None for fewer than three of them.
    r_squared : ndarray, shape (4,)
        1 - residual / total sum of squares of each measure; NaN without a fit.
    """

    values: Floats
    kept: npt.NDArray[np.bool_]
    fit: Attenuation | None
    r_squared: Floats

    @property
    def converged(self) -> int:
        """Return how many starts came within a thousandth of the least loss."""
        if self.fit is None:
            return 0
        return int(np.sum(self.fit.loss <= self.fit.loss[0] * 1.001 + 1e-15))


def fit_measures(values: Floats, n_starts: int, seed: int) -> AttenuationFit:
    """Fit the four measures of all regions that have them.

    Parameters
    ----------
    values : ndarray, shape (n_rois, 4)
        In the order of `MEASURES`; regions with a NaN are left out.
    n_starts : int
        Starts of the search.
    seed : int
        Of their jitter.

    Returns
    -------
    AttenuationFit
        Without a fit for fewer than three regions.
    """
    kept = np.array(np.isfinite(values).all(axis=1), dtype=np.bool_)
    known = values[kept]
    if len(known) < 3:
        return AttenuationFit(known, kept, None, np.full(values.shape[1], np.nan))
    fit = fit_attenuation(known, n_starts, np.random.default_rng(seed))
    residual = np.square(known - fit.predicted()).sum(axis=0)
    total = np.square(known - known.mean(axis=0)).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        r_squared = np.where(total > 0, 1 - residual / total, np.nan)
    return AttenuationFit(known, kept, fit, r_squared)


def numbers_of(found: AttenuationFit, regions: Sequence[Region]) -> Numbers:
    """Return the numbers that are drawn."""
    numbers = Numbers()
    if found.fit is None:
        numbers.add("fit", "regions", "n", float(len(found.values)))
        return numbers
    fit, place = found.fit, np.cumsum(found.kept) - 1
    kept = [region for region in regions if found.kept[region.index]]
    rows = place[[region.index for region in kept]]
    columns = {"reliability": fit.reliability[rows]}
    predicted = fit.predicted()
    for k, name in enumerate(MEASURES):
        columns |= {name: found.values[rows, k], f"{name} fitted": predicted[rows, k]}
    near = fit.reliability_of_starts[: found.converged]
    columns |= {
        "least_of_starts": near.min(axis=0)[rows],
        "most_of_starts": near.max(axis=0)[rows],
    }
    numbers.columns("regions", [region.label for region in kept], columns)
    for k, name in enumerate(MEASURES):
        for quantity, value in (
            ("a", fit.a[k]), ("b", fit.b[k]), ("r_squared", found.r_squared[k]),
            ("a_published_nsd", PUBLISHED[name][0]), ("b_published_nsd", PUBLISHED[name][1]),
        ):  # fmt: skip
            numbers.add("fit", name, quantity, float(value))
    numbers.add("fit", "regions", "n", float(len(found.values)))
    numbers.add("fit", "starts", "n", float(len(fit.loss)))
    numbers.add("fit", "starts", "n_converged", float(found.converged))
    numbers.add("fit", "starts", "least_loss", float(fit.loss[0]))
    return numbers


def latex(found: AttenuationFit) -> str:
    """Return the table of fits for a LaTeX document that loads booktabs."""
    lines = [
        r"\begin{tabular}{lrrr}", r"\toprule",
        r"measure & $a$ & $b$ & $R^2$ \\", r"\midrule",
    ]  # fmt: skip
    for k, name in enumerate(MEASURES):
        cells = ["--"] * 3
        if found.fit is not None:
            values = (found.fit.a[k], found.fit.b[k], found.r_squared[k])
            cells = [f"{v:.{d}f}" for v, d in zip(values, (2, 2, 3), strict=True)]
        lines.append(" & ".join([f"{NAMES[name]} ({name})", *cells]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def plot_attenuation(
    found: AttenuationFit,
    regions: Sequence[Region],
    title: str,
    *,
    n_subjects: int,
    reference: bool,
    source: str | None,
) -> Figure:
    """Draw the fit.

    Parameters
    ----------
    found : AttenuationFit
        What is shown.
    regions : sequence of Region
        Regions of the values.
    title : str
        Title.
    n_subjects : int
        Subjects of the means.
    reference : bool
        Whether the published parameters of NSD are shown.
    source : str or None
        Whether the data are real or simulated.

    Returns
    -------
    Figure
        Curves, fitted against observed values, and the most reliable regions; below, the table.
    """
    with look():
        figure = new_figure(WIDTH, HEIGHT)
        kept = [region for region in regions if found.kept[region.index]]
        if found.fit is not None:
            _curves(axes_at(figure, 110, TOP, PANEL, PANEL), found)
            _observed(axes_at(figure, 860, TOP, PANEL, PANEL), found)
            _reliabilities(axes_at(figure, 1550, TOP, 400, PANEL), found, kept)
            _table(figure, found, reference)
        note = (
            "Reliability has no unit: its scale is the one on which the least exponent and the "
            f"largest factor are 1 · {source_note(source)}"
        )
        headings(
            figure,
            title,
            f"value = a · reliabilityᵇ for all measures at once · {len(found.values)} regions, "
            f"n = {n_subjects} subjects · "
            f"{found.converged} of {len(found.fit.loss) if found.fit else 0} starts agree",
            note if found.fit else f"Fewer than three regions with all measures · {note}",
            HEIGHT - 52,
        )
    return figure


def _curves(axes: Axes, found: AttenuationFit) -> None:
    """Draw each measure by latent reliability, with its name at its end."""
    fit = found.fit
    assert fit is not None  # noqa: S101
    end = float(fit.reliability.max())
    line = np.linspace(0, end, 300)
    ends = []
    for k, name in enumerate(MEASURES):
        axes.scatter(fit.reliability, found.values[:, k], s=7, color=COLORS[name], alpha=0.45,
                     linewidths=0)  # fmt: skip
        axes.plot(line, fit.a[k] * line ** fit.b[k], color=COLORS[name], linewidth=1.4)
        ends.append(fit.a[k] * end ** fit.b[k])
    low, high = min(0.0, float(found.values.min())), float(max(found.values.max(), *ends))
    margin = 0.05 * ((high - low) or 1.0)
    axes.set_ylim(low - margin, high + margin)
    axes.set_xlim(-0.03 * end, end)
    order = np.argsort(ends)
    gap = 0.055 * (high - low + 2 * margin)
    for k, y in zip(order, spread(np.sort(ends).tolist(), gap, low, high + margin), strict=True):
        axes.annotate(MEASURES[k], (end, y), xytext=(5, 0), textcoords="offset points",
                      va="center", color=COLORS[MEASURES[k]], fontweight="bold",
                      annotation_clip=False)  # fmt: skip
    axes.axhline(0, color="0.85", linewidth=PIXEL, zorder=0)
    axes.set_xlabel("latent reliability of the region")
    axes.set_ylabel("similarity (Pearson r of RDMs)")
    axes.set_title("Attenuation curves", loc="left", fontsize=9)


def _observed(axes: Axes, found: AttenuationFit) -> None:
    """Draw observed by fitted values."""
    fit = found.fit
    assert fit is not None  # noqa: S101
    predicted = fit.predicted()
    frame(axes, predicted.ravel(), found.values.ravel(), same=True)
    identity(axes)
    for k, name in enumerate(MEASURES):
        label = f"{name}  R² = {found.r_squared[k]:.3f}"
        axes.scatter(predicted[:, k], found.values[:, k], s=9, color=COLORS[name], alpha=0.7,
                     linewidths=0, label=label, zorder=3)  # fmt: skip
    axes.legend(
        frameon=False, loc="upper left", fontsize=7.5, handletextpad=0.2, borderaxespad=0.2
    )
    axes.set_xlabel("fitted")
    axes.set_ylabel("observed (Pearson r of RDMs)")
    axes.set_title("Fitted and observed", loc="left", fontsize=9)


def _reliabilities(axes: Axes, found: AttenuationFit, kept: Sequence[Region]) -> None:
    """Draw the most reliable regions, with the range over starts that agree."""
    fit = found.fit
    assert fit is not None  # noqa: S101
    place = np.cumsum(found.kept) - 1
    best = sorted(kept, key=lambda region: -fit.reliability[place[region.index]])[:N_NAMED]
    near = fit.reliability_of_starts[: found.converged]
    for row, region in enumerate(best):
        k = place[region.index]
        axes.plot([near[:, k].min(), near[:, k].max()], [row, row], color=INK, linewidth=1)
        axes.scatter(fit.reliability[k], row, s=18, color=region.color, edgecolors=INK,
                     linewidths=0.3, zorder=3)  # fmt: skip
    axes.set_yticks(range(len(best)), [region.label for region in best], fontsize=7)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(max(len(best), 8) - 0.4, -0.6)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.set_xlabel("latent reliability\n(line: range over starts)")
    axes.set_title(f"Most reliable {len(best)}", loc="left", fontsize=9)


def _table(figure: Figure, found: AttenuationFit, reference: bool) -> None:
    """Write factors and exponents below the panels."""
    fit = found.fit
    assert fit is not None  # noqa: S101
    top, step = TOP + PANEL + 105, 30
    heads = ["measure", "a", "b", "R²"] + (["published for NSD: a", "b"] if reference else [])
    left = [110, 560, 640, 720, 860, 1130]
    rows = [heads]
    for k, name in enumerate(MEASURES):
        row = [f"{name}, {NAMES[name]}", f"{fit.a[k]:.2f}", f"{fit.b[k]:.2f}"]
        row.append(f"{found.r_squared[k]:.3f}")
        rows.append(row + [f"{value:.2f}" for value in PUBLISHED[name]] * reference)
    for y, row in enumerate(rows):
        for x, cell in zip(left, row, strict=False):
            color = QUIET if y == 0 or x >= left[4] else INK
            figure.text(x / WIDTH, 1 - (top + y * step) / HEIGHT, cell, va="top", color=color,
                        fontsize=8)  # fmt: skip
