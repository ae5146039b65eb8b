"""Heat map: similarity of every region with every region, averaged over pairs of subjects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from repalign.figures.regions import HEMISPHERES, Group, Region, arrange, groups_of
from repalign.figures.rows import Floats
from repalign.figures.rsa import COMPARISONS, SimilaritySummary, describe
from repalign.figures.scale import color_scale
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

WIDTH = 1600
LEFT = 318
STRIP = 12
LABEL_GAP = 20
NAMED_REGIONS = 48
"""Up to this many regions, each one has its name at the matrix."""


@dataclass(frozen=True)
class Frame:
    """Where the matrix lies in the figure, in pixels; regions cover whole pixels."""

    n_rois: int
    hemispheres: bool

    @property
    def named(self) -> bool:
        """Return whether every region has its name at the matrix."""
        return self.n_rois <= NAMED_REGIONS

    @property
    def top(self) -> int:
        """Return the distance from the top of the figure, with room for hemisphere names."""
        return 148 if self.hemispheres else 114

    @property
    def cell(self) -> int:
        """Return the side of one region."""
        return max(1, (1040 if self.named else 1080) // self.n_rois)

    @property
    def side(self) -> int:
        """Return the side of the matrix."""
        return self.cell * self.n_rois

    @property
    def below(self) -> int:
        """Return where the note starts."""
        return self.top + self.side + (90 if self.named else 16)


def plot_heatmap(
    summary: SimilaritySummary,
    regions: pd.DataFrame,
    title: str,
    *,
    comparison: str = "pearson",
    source: str | None = None,
) -> Figure:
    """Draw the mean inter-subject similarity of every region with every region.

    Parameters
    ----------
    summary : SimilaritySummary
        Of n_rois regions.
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
        Whole pixels a cell; undefined cells are hatched, regions with a value in some pairs
        only have a mark at the right.
    """
    arranged = arrange(regions, summary.rois, joined=summary.joined)
    index = np.array([region.index for region in arranged])
    values = summary.inter[np.ix_(index, index)]
    groups, frame = groups_of(arranged), Frame(len(arranged), not summary.joined)
    with look():
        figure = new_figure(WIDTH, frame.below + 75)
        axes = axes_at(figure, LEFT, frame.top, frame.side, frame.side)
        colormap, norm, extend = color_scale(values)
        image = axes.imshow(values, cmap=colormap, norm=norm, interpolation="none")
        axes.set(xticks=[], yticks=[])
        # NaN cells are transparent: what is hatched is the background.
        axes.patch.set(facecolor="0.88", edgecolor="0.6", hatch="//////")
        axes.spines[:].set(visible=True, linewidth=PIXEL)
        _boundaries(axes, groups, dark=colormap.name == "RdBu_r")
        _strips(figure, groups, frame)
        _group_names(figure, groups, frame)
        if frame.named:
            _region_names(axes, arranged)
        _marks(axes, summary.incomplete[index], frame)
        _color_bar(figure, image, frame, extend, comparison)
        headings(
            figure,
            title,
            "Similarity of the RDM of a region of subject i (rows) with that of a region of "
            "subject j ≠ i (columns)",
            _note(summary, values, source),
            frame.below,
        )
    return figure


def _note(summary: SimilaritySummary, values: Floats, source: str | None) -> str:
    """Return what stands below the matrix."""
    note = describe(summary, source)
    if np.isnan(values).any():
        note += " · hatched: undefined"
    if summary.incomplete.any():
        note += " · triangles: averaged over fewer pairs"
    return note


def _boundaries(axes: Axes, groups: Sequence[Group], *, dark: bool) -> None:
    """Draw lines between groups, stronger ones between hemispheres."""
    for before, after in pairwise(groups):
        strong = before.hemisphere != after.hemisphere
        for line in (axes.axhline, axes.axvline):
            line(
                after.start - 0.5,
                color="black" if dark else "white",
                linewidth=(2 if strong else 1) * PIXEL,
                alpha=1 if strong else 0.35,
            )


def _strips(figure: Figure, groups: Sequence[Group], frame: Frame) -> None:
    """Draw the colours of the groups along rows and columns."""
    sizes = [group.stop - group.start for group in groups]
    codes = np.repeat(np.arange(len(groups)), sizes)
    colormap = ListedColormap([group.color for group in groups])
    norm = Normalize(-0.5, len(groups) - 0.5)
    places = (
        (LEFT - STRIP - 4, frame.top, STRIP, frame.side, codes[:, None]),
        (LEFT, frame.top - STRIP - 4, frame.side, STRIP, codes[None, :]),
    )
    for left, top, width, height, shown in places:
        axes = axes_at(figure, left, top, width, height)
        axes.imshow(shown, colormap, norm, aspect="auto", interpolation="none")
        axes.set_axis_off()


def _group_names(figure: Figure, groups: Sequence[Group], frame: Frame) -> None:
    """Write the names of groups at the left, moved apart, with lines to their regions."""
    right, bottom = LEFT - STRIP - 4, frame.top + frame.side
    axes = axes_at(figure, 0, 0, WIDTH, bottom)
    axes.set(xlim=(0, WIDTH), ylim=(bottom, 0))
    axes.set_axis_off()
    wanted = [frame.top + (group.middle + 0.5) * frame.cell for group in groups]
    placed = spread(wanted, LABEL_GAP, frame.top + 6, bottom - 6)
    for group, true, place in zip(groups, wanted, placed, strict=True):
        axes.text(right - 30, place, group.name, ha="right", va="center", fontsize=7.5)
        bend = [right - 26, right - 18, right - 5, right - 1]
        axes.plot(bend, [place, place, true, true], color=QUIET, linewidth=PIXEL)
    for code, name in HEMISPHERES.items():
        own = [group for group in groups if group.hemisphere == code]
        if own:
            middle = (own[0].start + own[-1].stop) / 2 * frame.cell
            font = {"fontsize": 8.5, "fontweight": "bold"}
            axes.text(22, frame.top + middle, name, font, rotation=90, ha="center", va="center")
            axes.text(LEFT + middle, frame.top - STRIP - 10, name, font, ha="center", va="bottom")


def _region_names(axes: Axes, arranged: Sequence[Region]) -> None:
    """Write the name of every region below and at the right."""
    ticks, labels = range(len(arranged)), [region.label for region in arranged]
    axes.set_xticks(ticks, labels, rotation=90, fontsize=7)
    axes.set_yticks(ticks, labels, fontsize=7)
    axes.yaxis.tick_right()
    axes.tick_params(length=0, pad=3)
    axes.tick_params(axis="y", pad=9)


def _marks(axes: Axes, incomplete: npt.NDArray[np.bool_], frame: Frame) -> None:
    """Point at the rows of regions that have a value in some pairs only."""
    rows = np.flatnonzero(incomplete)
    axes.plot(
        np.full(rows.size, 1 + 6 / frame.side),
        rows,
        linestyle="",
        marker="<",
        markersize=3.5,
        markeredgewidth=0,
        color=INK,
        transform=axes.get_yaxis_transform(),
        clip_on=False,
    )


def _color_bar(
    figure: Figure, image: AxesImage, frame: Frame, extend: str, comparison: str
) -> None:
    """Draw the colour bar, two thirds as high as the matrix."""
    left = LEFT + frame.side + (98 if frame.named else 40)
    axes = axes_at(figure, left, frame.top + frame.side // 6, 22, frame.side * 2 // 3)
    bar = figure.colorbar(image, cax=axes, extend=extend, ticks=MaxNLocator(6))
    bar.set_label(f"RDM similarity ({COMPARISONS[comparison]})", fontsize=8)
    bar.ax.tick_params(labelsize=7.5)
