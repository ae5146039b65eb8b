"""The figures of cortical maps: what each one shows, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from repalign.errors import RepalignError
from repalign.figures.cortical_maps import (
    SIDES,
    ColorScale,
    Cortex,
    Values,
    map_numbers,
    plot_maps,
)
from repalign.figures.model_scores import DepthSummary
from repalign.figures.pair_cubes import PairCube
from repalign.figures.palette import DEPTH_MAP
from repalign.figures.panels import count, source_note
from repalign.figures.parcels import Parcels
from repalign.figures.peak_depth import depth_models, subject_depth, subject_peak
from repalign.figures.rows import Floats, mean_of_known
from repalign.figures.scale import color_scale

MAP_FIGURES = {
    "intersubject": "Similarity of each region across subjects",
    "vision": "Similarity with vision models, each at its best layer",
    "language": "Similarity with language models, each at its best layer",
    "depth": "Where along the layers of models the similarity of each region peaks",
}
"""Figures and their subtitles."""


@dataclass(frozen=True)
class MapContent:
    """What a map is drawn from.

    Attributes
    ----------
    table : Path
        The table that it shows, named in its title.
    parcels : Parcels
        Regions of the table, hemispheres separated.
    areas : mapping of int to int
        Number of the area (1 to 180) of each region.
    modalities : mapping of str to sequence of str
        Models of each modality.
    cube : PairCube, optional
        For similarity across subjects.
    summary : DepthSummary, optional
        For similarity with models.
    """

    table: Path
    parcels: Parcels
    areas: Mapping[int, int]
    modalities: Mapping[str, Sequence[str]]
    cube: PairCube | None = None
    summary: DepthSummary | None = None


def comparison_of(name: str, modalities: Mapping[str, Sequence[str]]) -> str:
    """Return whose p-values say which regions a map shows."""
    return depth_models(modalities)[0] if name == "depth" else name


def draw_map(
    name: str,
    content: MapContent,
    cortex: Cortex,
    significant: Sequence[int],
    *,
    level: float,
    source: str | None = None,
    parcellation: str | None = None,
) -> tuple[Figure, pd.DataFrame]:
    """Draw a map.

    Parameters
    ----------
    name : str
        A key of `MAP_FIGURES`.
    content : MapContent
        What it is drawn from.
    cortex : Cortex
        Where areas lie.
    significant : sequence of int
        Areas that are shown; both hemispheres have the mask of joined regions.
    level : float
        False discovery rate that they were chosen by.
    source : str, optional
        Whether the data are real or simulated.
    parcellation : str, optional
        Likewise the parcellation.

    Returns
    -------
    figure : Figure
    numbers : DataFrame
        What is drawn.
    """
    values = map_values(name, content)
    shown = masked(values, content, frozenset(significant))
    path = content.table.resolve()
    known = [value for side in shown.values() for value in side.values() if not np.isnan(value)]
    regions = count(len(known), "region")
    n_subjects = len((content.cube or content.summary).subjects)  # type: ignore[union-attr]
    made_up = " · simulated parcellation: areas are not where they really lie"
    note = (
        f"Mean over {count(n_subjects, 'subject')} · {regions} with FDR ≤ {level:g} of both "
        f"hemispheres together, others grey · {source_note(source)}"
        f"{made_up if parcellation == 'simulated' else ''}"
    )
    headline = (f"Cortical map: {path.parent.name}/{path.stem}", MAP_FIGURES[name], note)
    scale = _scale(name, np.array(known), content)
    rows = {"": shown}
    return plot_maps(rows, cortex, scale, headline), map_numbers(rows, cortex.names)


def map_values(name: str, content: MapContent) -> dict[int, float]:
    """Return the value of each region of a map.

    Parameters
    ----------
    name : str
        A key of `MAP_FIGURES`.
    content : MapContent
        With the table that the map needs.

    Returns
    -------
    dict of int to float
        By id; mean over subjects, of models over models of the modality first.
    """
    if name == "intersubject" and content.cube is not None:
        means = content.cube.region_means()
        return dict(zip(content.cube.rois, means.tolist(), strict=True))
    if content.summary is None:
        raise ValueError(f"no table for the map {name}")
    means = mean_of_known(_of_models(name, content.summary, content.modalities))
    return dict(zip(content.summary.rois, means.tolist(), strict=True))


def masked(
    values: Mapping[int, float], content: MapContent, significant: frozenset[int]
) -> Values:
    """Return values by hemisphere and area, without areas that are not significant."""
    sides: dict[str, dict[int, float]] = {hemisphere: {} for hemisphere in SIDES}
    for roi, value in values.items():
        area = content.areas[roi]
        if area in significant:
            sides[content.parcels.hemispheres[roi]][area] = value
    return sides


def _of_models(
    name: str, summary: DepthSummary, modalities: Mapping[str, Sequence[str]]
) -> Floats:
    """Return peak depth or peak similarity, shape (n_subjects, n_rois)."""
    if name == "depth":
        return subject_depth(summary, depth_models(modalities)[1])
    if not modalities.get(name):
        raise RepalignError(
            f"no {name} model",
            where="features",
            expected=f"at least one {name} model for a map of them",
            remedy="Add the features of one, or ask for another map.",
        )
    return subject_peak(summary, modalities[name])


def _scale(name: str, values: Floats, content: MapContent) -> ColorScale:
    """Return the colours of a map."""
    if name == "depth":
        modality = depth_models(content.modalities)[0]
        label = f"relative peak depth, {modality} models"
        return ColorScale(matplotlib.colormaps[DEPTH_MAP], Normalize(0, 1), "neither", label)
    return ColorScale(*color_scale(values), "RDM similarity (Pearson r)")
