"""The figures of hierarchy: what each one shows, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from repalign.figures.depth_curves import Series, curve_numbers, plot_curves
from repalign.figures.model_scores import DepthSummary
from repalign.figures.palette import HUB_COLORS, MODALITY_COLORS
from repalign.figures.parcels import HUB_TITLES, SIX, Parcels, strongest
from repalign.figures.peak_depth import depth_models, peak_numbers, plot_peaks
from repalign.figures.rows import mean_of_known
from repalign.tables.hubs import HUB_NAMES

HIERARCHY_FIGURES = ("parcels", "hubs", "areas", "families", "peaks")
N_AREAS = 15
N_FAMILIES = 12


@dataclass(frozen=True)
class Hierarchy:
    """What figures of hierarchy are drawn from.

    Attributes
    ----------
    table : Path
        Subject-model RSA, named in titles.
    summary : DepthSummary
        Of that table.
    parcels : Parcels
        Its regions.
    modalities, families : mapping of str to list of str
        Models of each modality and each family.
    """

    table: Path
    summary: DepthSummary
    parcels: Parcels
    modalities: Mapping[str, Sequence[str]]
    families: Mapping[str, Sequence[str]]

    @property
    def title(self) -> str:
        """Return the title: dataset and table."""
        return f"Hierarchy: {self.table.resolve().parent.name}/{self.table.stem}"


def draw_hierarchy(
    name: str, content: Hierarchy, *, source: str | None = None
) -> tuple[Figure, pd.DataFrame]:
    """Draw a figure of hierarchy.

    Parameters
    ----------
    name : str
        One of `HIERARCHY_FIGURES`.
    content : Hierarchy
        What it is drawn from.
    source : str, optional
        Whether the data are real or simulated.

    Returns
    -------
    figure : Figure
    numbers : DataFrame
        What is drawn.

    Raises
    ------
    RepalignError
        If there is nothing that the figure could show.
    """
    if name == "peaks":
        numbers = peak_numbers(content.summary, content.modalities, content.parcels)
        subtitle = (
            "Where along the layers of models a region's similarity peaks: the regions most like "
            f"{depth_models(content.modalities)[0]} models"
        )
        return plot_peaks(numbers, content.title, subtitle, source=source), numbers
    panels, subtitle = _panels(name, content)
    numbers = curve_numbers(content.summary, panels)
    names = list(dict.fromkeys(numbers["series"]))
    palette = HUB_COLORS if name == "families" else MODALITY_COLORS
    figure = plot_curves(
        numbers,
        {series: palette[series] for series in names},
        content.title,
        subtitle,
        n_columns={"areas": 5, "families": 4}.get(name, 3),
        shared=name == "hubs",
        source=source,
        omitted=list(content.families)[N_FAMILIES:] if name == "families" else (),
    )
    return figure, numbers


def _panels(name: str, content: Hierarchy) -> tuple[dict[str, Series], str]:
    """Return the panels of a figure of curves, and its subtitle."""
    parcels = content.parcels
    hubs = parcels.hubs()
    if name == "families":
        return _of_families(content, hubs), (
            "Similarity by layer depth for each family of models, in three hubs"
        )
    if name == "hubs":
        regions = {HUB_TITLES[hub]: rois for hub, rois in hubs.items()}
        subtitle = "Similarity by layer depth in three hubs"
    elif name == "parcels":
        regions = {parcels.names[roi]: [roi] for roi in parcels.require(SIX, 1)}
        subtitle = "Similarity by layer depth in early and late regions of three hubs"
    else:
        regions = _strongest_areas(content)
        subtitle = "Similarity by layer depth in the groups of areas most like models"
    panels: dict[str, Series] = {
        panel: {
            modality: (content.modalities[modality], rois)
            for modality in MODALITY_COLORS
            if content.modalities.get(modality)
        }
        for panel, rois in regions.items()
    }
    return panels, subtitle


def _strongest_areas(content: Hierarchy) -> dict[str, list[int]]:
    """Return the groups of areas whose regions are most like models, in display order."""
    summary, groups = content.summary, content.parcels.groups()
    peak = mean_of_known(summary.peak.reshape(-1, len(summary.rois)))
    at = {roi: k for k, roi in enumerate(summary.rois)}
    means = mean_of_known(
        np.array([
            [peak[at[rois[k]]] if k < len(rois) else np.nan for rois in groups.values()]
            for k in range(max(map(len, groups.values())))
        ])
    )  # fmt: skip
    chosen = set(strongest(range(len(groups)), means, N_AREAS))
    return {name: rois for k, (name, rois) in enumerate(groups.items()) if k in chosen}


def _of_families(content: Hierarchy, hubs: Mapping[str, Sequence[int]]) -> dict[str, Series]:
    """Return a panel for each family, with a curve for each hub."""
    return {
        family: {HUB_NAMES[hub]: (models, rois) for hub, rois in hubs.items()}
        for family, models in list(content.families.items())[:N_FAMILIES]
        if hubs
    }
