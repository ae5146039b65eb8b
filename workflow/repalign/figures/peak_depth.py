"""Depth at which regions are most like models: numbers of subjects, and boxes of regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from repalign.errors import RepalignError
from repalign.figures.model_scores import DepthSummary
from repalign.figures.palette import MODALITY_COLORS
from repalign.figures.panels import count, finish, legend_above, panel_grid, source_note
from repalign.figures.parcels import Parcels, strongest
from repalign.figures.rows import Floats, mean_of_known
from repalign.figures.style import INK, look

N_PARCELS = 20
WIDTH = 0.34
"""Width of a box; two stand side by side."""


def subject_depth(summary: DepthSummary, models: Sequence[str]) -> Floats:
    """Return peak depth averaged over models, shape (n_subjects, n_rois)."""
    return mean_of_known(summary.depth[[summary.models.index(name) for name in models]])


def subject_peak(summary: DepthSummary, models: Sequence[str]) -> Floats:
    """Return peak similarity averaged over models, shape (n_subjects, n_rois)."""
    return mean_of_known(summary.peak[[summary.models.index(name) for name in models]])


def depth_models(modalities: Mapping[str, Sequence[str]]) -> tuple[str, Sequence[str]]:
    """Return the modality whose depth stands for the depth of regions, and its models.

    Vision models where there are some: their layers go from pictures to objects, as the regions
    do; else language models.
    """
    modality = "vision" if modalities.get("vision") else "language"
    if not modalities.get(modality):
        raise RepalignError(
            "no model",
            where="features",
            expected="at least one vision or language model",
            remedy="Add features of a model.",
        )
    return modality, modalities[modality]


def peak_numbers(
    summary: DepthSummary, modalities: Mapping[str, Sequence[str]], parcels: Parcels
) -> pd.DataFrame:
    """Work out the boxes: the regions most like models, ordered by their median depth.

    Parameters
    ----------
    summary : DepthSummary
        Of all models and regions.
    modalities : mapping of str to sequence of str
        Models of each modality.
    parcels : Parcels
        The regions.

    Returns
    -------
    DataFrame
        region, roi, modality, subject, depth, similarity; the first `N_PARCELS` regions by peak
        similarity with models of the modality of `depth_models`, from the shallowest to the
        deepest.
    """
    first, models = depth_models(modalities)
    strength = mean_of_known(subject_peak(summary, models))
    chosen = strongest(summary.rois, strength, N_PARCELS)
    depth = subject_depth(summary, models)
    at = {roi: summary.rois.index(roi) for roi in chosen}
    # A stable sort: of equal medians, the region that is more like models comes first.
    chosen.sort(key=lambda roi: float(np.nan_to_num(_median(depth[:, at[roi]]), nan=2.0)))
    rows = [
        (parcels.names[roi], roi, modality, subject, depths[s, at[roi]], peaks[s, at[roi]])
        for roi in chosen
        for modality in dict.fromkeys((first, *MODALITY_COLORS))
        if modalities.get(modality)
        for depths, peaks in [
            (subject_depth(summary, modalities[modality]),
             subject_peak(summary, modalities[modality]))
        ]
        for s, subject in enumerate(summary.subjects)
    ]  # fmt: skip
    columns = ["region", "roi", "modality", "subject", "depth", "similarity"]
    return pd.DataFrame(rows, columns=columns)


def plot_peaks(
    numbers: pd.DataFrame, title: str, subtitle: str, *, source: str | None = None
) -> Figure:
    """Draw boxes over subjects of the depth of each region.

    Parameters
    ----------
    numbers : DataFrame
        From `peak_numbers`.
    title, subtitle : str
        Which table is shown, and what of it.
    source : str, optional
        Whether the data are real or simulated.

    Returns
    -------
    Figure
        Boxes from the lower to the upper quartile, a dot a subject.
    """
    names = list(dict.fromkeys(numbers["region"]))
    shown = [name for name in MODALITY_COLORS if (numbers["modality"] == name).any()]
    with look():
        width = max(560, 66 * len(names))
        figure, (axes,) = panel_grid(1, 1, (width, 420), (0, 0), (110, 40, 96))
        for k, modality in enumerate(shown):
            shift = (k - (len(shown) - 1) / 2) * (WIDTH + 0.06)
            part = numbers[numbers["modality"] == modality]
            depths = [part.loc[part["region"] == name, "depth"].to_numpy() for name in names]
            _boxes(axes, depths, shift, MODALITY_COLORS[modality])
        axes.set(xlim=(-0.6, len(names) - 0.4), ylim=(-0.03, 1.03), yticks=[0, 0.25, 0.5, 0.75, 1])
        axes.set_xticks(range(len(names)), names, rotation=60, ha="right", rotation_mode="anchor")
        axes.tick_params(labelsize=8)
        axes.tick_params(axis="x", length=0)
        axes.set_ylabel("relative depth of the peak", fontsize=8)
        axes.grid(axis="y", color="0.9", linewidth=0.6)
        axes.set_axisbelow(True)
        legend_above(figure, [(name, MODALITY_COLORS[name]) for name in shown])
        n_subjects = numbers["subject"].nunique()
        note = (
            f"A dot is one of {count(n_subjects, 'subject')}, averaged over sessions and models · "
            f"box: quartiles and median · {source_note(source)}"
        )
        finish(figure, title, subtitle, note)
    return figure


def _boxes(axes: Axes, depths: Sequence[Floats], shift: float, color: str) -> None:
    """Draw the boxes and dots of one modality."""
    known = [values[~np.isnan(values)] for values in depths]
    places = [k + shift for k, values in enumerate(known) if values.size]
    axes.boxplot(
        [values for values in known if values.size],
        positions=places,
        widths=WIDTH,
        showfliers=False,
        whis=(0, 100),
        manage_ticks=False,
        patch_artist=True,
        boxprops={"facecolor": color, "alpha": 0.3, "edgecolor": color, "linewidth": 0.8},
        medianprops={"color": color, "linewidth": 1.6},
        whiskerprops={"color": color, "linewidth": 0.8},
        capprops={"linewidth": 0},
    )
    for place, values in zip(places, (v for v in known if v.size), strict=True):
        spread = np.linspace(-0.1, 0.1, len(values)) if len(values) > 1 else np.zeros(1)
        axes.plot(
            place + spread,
            values,
            "o",
            color=color,
            markersize=2.6,
            markeredgewidth=0.3,
            markeredgecolor=INK,
        )


def _median(values: Floats) -> float:
    """Return the median of what is known; NaN without any."""
    known = values[~np.isnan(values)]
    return float(np.median(known)) if known.size else float("nan")
