"""Similarity across subjects against similarity with models, region by region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from repalign.figures.numbers import Numbers
from repalign.figures.palette import MEASURE_NAMES
from repalign.figures.panels import source_note
from repalign.figures.regions import Region, arrange
from repalign.figures.rows import Floats, mean_of_known
from repalign.figures.scatter import (
    caption,
    correlations,
    curve,
    equation,
    frame,
    group_legend,
    label_points,
    points,
    raised,
    signed,
)
from repalign.figures.style import QUIET, axes_at, headings, look, new_figure
from repalign.kernels.power_law import PowerLaw, bootstrap_power_law, fit_power_law

WIDTH, HEIGHT, PANEL = 2000, 1010, 640
TOP = 225
REFERENCE = (0.329, 0.536)
"""Published power law of vision models on NSD, drawn beside one's own and never mixed with it."""
PUBLISHED = f"dashed: published for NSD, y = 0.329 x{raised('0.536')}, R² = 0.922"


@dataclass(frozen=True)
class LawFit:
    """Two measures of all regions, and the power law between them.

    Attributes
    ----------
    x, y : ndarray, shape (n_rois,)
        Means over subjects.
    law : PowerLaw
        y by x.
    samples : (ndarray, ndarray)
        Its bootstrapped parameters, each of shape (n_samples,).
    """

    x: Floats
    y: Floats
    law: PowerLaw
    samples: tuple[Floats, Floats]


def fit_law(x: Floats, y: Floats, n_samples: int, seed: int) -> LawFit:
    """Fit a power law and bootstrap it over regions.

    Parameters
    ----------
    x, y : ndarray, shape (n_rois,)
        Values; NaN are left out.
    n_samples : int
        Bootstrap samples.
    seed : int
        Of the draws.

    Returns
    -------
    LawFit
        With NaN parameters where nothing can be fitted.
    """
    samples = bootstrap_power_law(x, y, n_samples, np.random.default_rng(seed))
    return LawFit(x, y, fit_power_law(x, y), samples)


def law_text(fit: LawFit) -> str:
    """Return the fit and the correlations of a panel, one line each."""
    r, rho, n = correlations(fit.x, fit.y)
    lines = [] if np.isnan(fit.law.a) else [f"{equation(fit.law)},  R² = {fit.law.r_squared:.3f}"]
    return "\n".join([*lines, f"Pearson r = {signed(r)},  Spearman ρ = {signed(rho)},  n = {n}"])


def band_text(fit: LawFit | None) -> str:
    """Return what is said of the band around a curve: nothing, where no samples were drawn."""
    drawn = fit is not None and fit.samples[0].size > 0
    return ", with the 95 % band of a bootstrap over regions" if drawn else ""


def add_law(numbers: Numbers, panel: str, fit: LawFit) -> None:
    """Add a fit and the correlations to the numbers of a figure."""
    numbers.law(panel, fit.law, fit.samples)
    r, rho, n = correlations(fit.x, fit.y)
    for quantity, value in (("pearson_r", r), ("spearman_rho", rho), ("n_regions", float(n))):
        numbers.add(panel, "all regions", quantity, value)


def numbers_of(fits: Mapping[str, LawFit], regions: Sequence[Region]) -> Numbers:
    """Return the numbers that are drawn, by modality."""
    numbers = Numbers()
    index = [region.index for region in regions]
    labels = [region.label for region in regions]
    for modality, fit in fits.items():
        panel = f"inter-subject and {MEASURE_NAMES[modality]}"
        columns = {"inter-subject": fit.x[index], MEASURE_NAMES[modality]: fit.y[index]}
        numbers.columns(panel, labels, columns)
        add_law(numbers, panel, fit)
    return numbers


def model_fits(
    between: Floats, models: Mapping[str, Floats], n_samples: int, seed: int
) -> dict[str, LawFit]:
    """Fit the similarity with each modality by that across subjects.

    Parameters
    ----------
    between : ndarray, shape (n_pairs, n_rois)
        Ordered pairs of different subjects, every one of which counts alike.
    models : mapping of str to ndarray, shape (n_subjects, n_rois)
        Each subject with the models of a modality.
    n_samples, seed : int
        Of the bootstrap.

    Returns
    -------
    dict of str to LawFit
        By modality.
    """
    x = mean_of_known(between)
    return {
        name: fit_law(x, mean_of_known(value), n_samples, seed) for name, value in models.items()
    }


def plot_models(
    fits: Mapping[str, LawFit],
    regions: pd.DataFrame,
    rois: Sequence[int],
    title: str,
    *,
    n_subjects: int,
    counts: Mapping[str, int],
    reference: bool,
    source: str | None,
) -> Figure:
    """Draw the figure.

    Parameters
    ----------
    fits : mapping of str to LawFit
        By modality, one panel each.
    regions : DataFrame
        As read by `repalign.tables.prepared.read_regions`.
    rois : sequence of int
        Ids of the regions, which join hemispheres.
    title : str
        Title.
    n_subjects : int
        Subjects of the means.
    counts : mapping of str to int
        Models by modality.
    reference : bool
        Whether the published curve of vision is drawn.
    source : str or None
        Whether the data are real or simulated.

    Returns
    -------
    Figure
        One panel a modality.
    """
    arranged = arrange(regions, rois, joined=True)
    with look():
        figure = new_figure(WIDTH, HEIGHT)
        for k, (modality, fit) in enumerate(fits.items()):
            axes = axes_at(figure, 110 + k * (PANEL + 130), TOP, PANEL, PANEL)
            frame(axes, fit.x, fit.y)
            points(axes, fit.x, fit.y, arranged)
            line = curve(axes, fit.law, fit.samples)
            shows_published = reference and modality == "vision"
            text = law_text(fit) + (f"\n{PUBLISHED}" if shows_published else "")
            if shows_published:
                line = np.vstack([line, _published(axes)])
            label_points(axes, fit.x, fit.y, arranged, line)
            axes.set_xlabel("inter-subject similarity (Pearson r of RDMs)")
            axes.set_ylabel(f"similarity with {MEASURE_NAMES[modality]} (Pearson r of RDMs)")
            n = counts[modality]
            name = MEASURE_NAMES[modality] if n != 1 else MEASURE_NAMES[modality].rstrip("s")
            caption(axes, f"{n} {name}", text)
        group_legend(figure, arranged, 130 + len(fits) * (PANEL + 130), TOP)
        headings(
            figure,
            title,
            f"One point a region, mean over n = {n_subjects} subjects · curve: power law by least "
            f"squares{band_text(next(iter(fits.values()), None))}",
            source_note(source),
            HEIGHT - 62,
        )
    return figure


def _published(axes: Axes) -> Floats:
    """Draw the published curve; return points of it."""
    a, b = REFERENCE
    x = np.linspace(1e-6, axes.get_xlim()[1], 300)
    y = a * x**b
    axes.plot(x, y, color=QUIET, linewidth=0.8, linestyle=(0, (4, 2)), zorder=2)
    return np.column_stack([x, y])
