"""Inter-subject RSA on two sets of images: boxes of regions, and both matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from repalign.figures.hub_contrasts import (
    Comparison,
    compare,
    comparison_note,
    draw_comparison,
)
from repalign.figures.pair_cubes import read_pair_cube
from repalign.figures.palette import BLUE, VERMILION
from repalign.figures.parcels import TOP_30, Parcels, strongest
from repalign.figures.rows import Floats, mean_of_known
from repalign.figures.rsa import COMPARISONS
from repalign.figures.scale import color_scale
from repalign.figures.style import PIXEL, axes_at, headings, look, new_figure
from repalign.tables.hubs import HUBS

N_BOXES, N_MATRIX = 16, 30
SIDE, WIDTH = 590, 1600


@dataclass(frozen=True)
class Partitions:
    """Two sets of images.

    Attributes
    ----------
    comparison : Comparison
        Of regions.
    names : tuple of str
        Regions of the matrices.
    first, second : ndarray, shape (n_rois, n_rois)
        Mean over the ordered pairs of different subjects.
    """

    comparison: Comparison
    names: tuple[str, ...]
    first: Floats
    second: Floats

    def numbers(self) -> pd.DataFrame:
        """Return all that is drawn: boxes, then cells."""
        cells = [
            {"panel": "matrix", "condition": condition, "group": row, "column": column,
             "similarity": values[i, j]}
            for condition, values in zip(
                self.comparison.conditions, (self.first, self.second), strict=True
            )
            for i, row in enumerate(self.names)
            for j, column in enumerate(self.names)
        ]  # fmt: skip
        boxes = self.comparison.numbers().assign(panel="boxes", column="")
        return pd.concat([boxes, pd.DataFrame(cells)], ignore_index=True)


def partitions(
    table: str | Path,
    regions: pd.DataFrame,
    subjects: Sequence[int],
    subsets: Sequence[str],
    *,
    shift: int,
    joined: bool,
    test: str = "paired",
) -> Partitions:
    """Compare two sets of images.

    Parameters
    ----------
    table : str or Path
        Inter-subject RSA with the column `subset`.
    regions : DataFrame
        As read by `repalign.tables.prepared.read_regions`.
    subjects : sequence of int
        Subjects that the table has.
    subsets : sequence of str
        The two sets, in order.
    shift : int
        Shift of the repetitions.
    joined : bool
        Whether regions join both hemispheres.
    test : {'paired', 'welch'}
        Which test; corrected by Benjamini and Hochberg over the regions with boxes.

    Returns
    -------
    Partitions
        Boxes: the regions of the hubs, or the 16 most similar ones where there are no hubs.
        Matrices: those of the published list that are there, or the 30 most similar ones.
    """
    parcels = Parcels.of(regions, joined=joined)
    first, second = (
        read_pair_cube(table, parcels.rois, subjects, shift=shift, joined=joined, subset=name)
        for name in subsets
    )
    rois, order = list(first.rois), list(parcels.names)
    one, two = (cube.subject_means() for cube in (first, second))
    ranked = strongest(rois, mean_of_known(np.vstack([one, two])), N_MATRIX)
    shown = parcels.find([name for areas in HUBS.values() for name in areas]) or ranked[:N_BOXES]
    matrix = parcels.find(TOP_30)
    matrix = matrix if len(matrix) > 1 else sorted(ranked, key=order.index)
    groups = {parcels.label(roi): ([roi], one, two) for roi in shown}
    comparison = compare(
        groups, rois, list(first.subjects), (subsets[0], subsets[1]), test=test, correction="bh"
    )
    return Partitions(
        comparison,
        tuple(parcels.label(roi) for roi in matrix),
        first.of_rois(matrix).inter(),
        second.of_rois(matrix).inter(),
    )


def plot_partitions(
    shown: Partitions,
    table: str | Path,
    *,
    comparison: str = "pearson",
    source: str | None = None,
) -> Figure:
    """Draw boxes above both matrices, which share their colours.

    Parameters
    ----------
    shown : Partitions
        What to draw.
    table : str or Path
        File that it is from.
    comparison : {'pearson', 'spearman'}
        How RDMs were compared.
    source : str, optional
        Whether the data are real or simulated.
    """
    one, two = shown.comparison.conditions
    top, label = 715, f"RDM similarity ({COMPARISONS[comparison]})"
    with look():
        figure = new_figure(WIDTH, top + SIDE + 205)
        draw_comparison(
            axes_at(figure, 110, 165, WIDTH - 160, 400),
            shown.comparison,
            [(VERMILION, BLUE)] * len(shown.comparison.groups),
            label,
        )
        colormap, norm, extend = color_scale(np.concatenate([shown.first, shown.second]))
        for left, name, values in ((110, one, shown.first), (830, two, shown.second)):
            axes = axes_at(figure, left, top, SIDE, SIDE)
            image = axes.imshow(values, cmap=colormap, norm=norm, interpolation="none")
            axes.patch.set(facecolor="0.88", edgecolor="0.6", hatch="//////")
            axes.spines[:].set(visible=True, linewidth=PIXEL)
            ticks = range(len(shown.names))
            # Names of both hemispheres are twice as many in the same place.
            size = min(7.0, 0.8 * SIDE * PIXEL / max(len(shown.names), 1))
            axes.set_xticks(ticks, shown.names, rotation=90, fontsize=size)
            axes.set_yticks(ticks, shown.names, fontsize=size)
            axes.tick_params(length=0, pad=2)
            axes.set_title(f"Images: {name}", loc="left", fontsize=9, fontweight="bold")
        bar_axes = axes_at(figure, 1450, top + SIDE // 6, 22, SIDE * 2 // 3)
        bar = figure.colorbar(image, cax=bar_axes, extend=extend, ticks=MaxNLocator(6))
        bar.set_label(label, fontsize=8)
        bar.ax.tick_params(labelsize=7.5)
        headings(
            figure,
            f"Inter-subject RSA on two sets of images: {one} and {two}",
            "Above: a point is a subject's mean over all others. Below: mean over ordered pairs "
            "of different subjects",
            comparison_note(shown.comparison, table, source),
            top + SIDE + 140,
        )
    return figure
