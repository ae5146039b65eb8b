"""The figures of connectivity: matrices of regions from inter-subject RSA, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from repalign.figures.matrix_panels import (
    Layout,
    MatrixPanel,
    matrix_numbers,
    plot_matrices,
)
from repalign.figures.nothing import NothingToShowError
from repalign.figures.pair_cubes import PairCube
from repalign.figures.palette import HUB_COLORS
from repalign.figures.panels import count, panel_title, source_note
from repalign.figures.parcels import TOP_30, Parcels, strongest
from repalign.figures.rows import Floats
from repalign.figures.scatter import correlations, signed
from repalign.figures.style import QUIET
from repalign.kernels.spectral import spectral_order, symmetrised

N_SPECTRAL = 100


@dataclass(frozen=True)
class Connectivity:
    """What figures of connectivity are drawn from.

    Attributes
    ----------
    table : Path
        The table of the figure, named in its title.
    parcels : Parcels
        Its regions.
    cubes : mapping of str to PairCube
        Tables by the names of `CUBES`; those that the figure needs.
    significant : set of int, optional
        Regions significantly alike across subjects, where p-values are known.
    """

    table: Path
    parcels: Parcels
    cubes: Mapping[str, PairCube]
    significant: frozenset[int] | None = None

    def chosen(self, name: str, hemisphere: str | None = None) -> PairCube:
        """Return the published top regions of a table; at least two must be there."""
        return self.cubes[name].of_rois(self.parcels.require(TOP_30, 2, hemisphere))

    def panel(
        self, title: str, values: Floats, rois: Sequence[int], *, detail: str = "",
        difference: bool = False,
    ) -> MatrixPanel:  # fmt: skip
        """Return a matrix with the names of its regions."""
        names = [self.parcels.names[roi] for roi in rois]
        hubs = [self.parcels.hub_name(roi) for roi in rois]
        return MatrixPanel(title, values, names, names, hubs, detail, difference)


Drawn = tuple[Figure, pd.DataFrame]


def draw_connectivity(name: str, content: Connectivity, *, source: str | None = None) -> Drawn:
    """Draw a figure of connectivity.

    Parameters
    ----------
    name : str
        A key of `CONNECTIVITY_FIGURES`.
    content : Connectivity
        What it is drawn from.
    source : str, optional
        Whether the data are real or simulated.

    Returns
    -------
    figure : Figure
    numbers : DataFrame
        The drawn cells.

    Raises
    ------
    NothingToShowError
        If too few of the regions that the figure shows are there.
    """
    subtitle, draw = CONNECTIVITY_FIGURES[name]
    path = content.table.resolve()
    cube = next(iter(content.cubes.values()))
    title = f"Connectivity: {path.parent.name}/{path.stem}"
    note = f"{count(len(cube.subjects), 'subject')} · {source_note(source)}"
    return draw(content, (title, subtitle, note))


def _inter(content: Connectivity, headline: tuple[str, str, str]) -> Drawn:
    cube = content.chosen("shifted")
    panels = [content.panel("Between subjects", symmetrised(cube.inter()), cube.rois)]
    return _drawn(panels, headline, Layout(800, 1, font=7))


def _within(content: Connectivity, headline: tuple[str, str, str]) -> Drawn:
    cube = content.chosen("shifted")
    panels = [content.panel("Within subjects", symmetrised(cube.within()), cube.rois)]
    return _drawn(panels, headline, Layout(800, 1, font=7))


def _hemispheres(content: Connectivity, headline: tuple[str, str, str]) -> Drawn:
    left, right = (content.chosen("separated", side) for side in ("lh", "rh"))
    # Only regions that both hemispheres have can be subtracted.
    shared = [content.parcels.names[roi] for roi in left.rois]
    names = [content.parcels.names[roi] for roi in right.rois]
    both = [name for name in shared if name in names]
    left, right = (
        content.cubes["separated"].of_rois(content.parcels.require(both, 2, side))
        for side in ("lh", "rh")
    )
    means = [symmetrised(cube.inter()) for cube in (left, right)]
    panels = [
        content.panel("Left hemisphere", means[0], left.rois),
        content.panel("Right hemisphere", means[1], right.rois),
        content.panel("Left − right", means[0] - means[1], left.rois, difference=True),
    ]
    return _drawn(panels, headline, Layout(520, 3))


def _within_inter(content: Connectivity, headline: tuple[str, str, str]) -> Drawn:
    cube = content.chosen("shifted")
    inter, within = symmetrised(cube.inter()), symmetrised(cube.within())
    split = np.where(np.tri(len(inter), k=-1, dtype=bool), inter, within)
    np.fill_diagonal(split, np.nan)
    panels = [
        content.panel(
            "Within (above) and between (below)", split, cube.rois, detail="diagonal left out"
        )
    ]
    figure, (axes,) = plot_matrices(panels, headline, Layout(640, 2), extra=1)
    _scatter(axes, inter, within, [content.parcels.hub_name(roi) for roi in cube.rois])
    return figure, matrix_numbers([
        content.panel("within", within, cube.rois),
        content.panel("between", inter, cube.rois),
    ])  # fmt: skip


def _shifts(content: Connectivity, headline: tuple[str, str, str]) -> Drawn:
    shifted, unshifted = (content.chosen(name) for name in ("shifted", "unshifted"))
    means = [symmetrised(cube.inter()) for cube in (shifted, unshifted)]
    panels = [
        content.panel("Shift 1: other times", means[0], shifted.rois),
        content.panel("Shift 0: equal times", means[1], shifted.rois),
        content.panel("Shift 0 − shift 1", means[1] - means[0], shifted.rois, difference=True),
    ]
    return _drawn(panels, headline, Layout(520, 3))


def _spectral(content: Connectivity, headline: tuple[str, str, str]) -> Drawn:
    cube = content.cubes["shifted"]
    # Regions without a signal have no neighbours, and would take the order from all others.
    means = cube.region_means()
    if content.significant is None:
        alike, rule = (cube.subject_means() > 0).all(axis=0), "alike in all subjects"
    else:
        alike, rule = means > 0, "significantly alike"
        alike &= np.isin(cube.rois, sorted(content.significant))
    top = strongest(cube.rois, np.where(alike, means, np.nan), N_SPECTRAL)
    if len(top) < 2:
        raise NothingToShowError(
            f"{count(len(top), 'region')} {rule}",
            where=content.table,
            expected="at least two, for a matrix",
            remedy="Use more images or subjects.",
        )
    inter = symmetrised(cube.of_rois(sorted(top)).inter())
    rois = [sorted(top)[k] for k in spectral_order(inter)]
    panels = [
        content.panel(
            f"{count(len(rois), 'region')} {rule}, in spectral order",
            symmetrised(cube.of_rois(rois).inter()),
            rois,
        )
    ]
    return _drawn(panels, headline, Layout(1100, 1, font=min(7, 480 / max(len(rois), 1))))


def _subjects(content: Connectivity, headline: tuple[str, str, str]) -> Drawn:
    cube = content.chosen("shifted")
    own = cube.of_subjects()
    panels = [
        content.panel(f"Subject {subject}", symmetrised(own[k]), cube.rois)
        for k, subject in enumerate(cube.subjects)
    ]
    panels.append(content.panel("Mean", symmetrised(cube.within()), cube.rois))
    title, subtitle, note = headline
    note += f"\nRegions from the top: {', '.join(panels[0].rows)}"
    return _drawn(panels, (title, subtitle, note), Layout(360, 3, named=False))


def _drawn(panels: Sequence[MatrixPanel], headline: tuple[str, str, str], layout: Layout) -> Drawn:
    """Draw matrices and return their cells."""
    return plot_matrices(panels, headline, layout)[0], matrix_numbers(panels)


def _scatter(axes: Axes, inter: Floats, within: Floats, hubs: Sequence[str]) -> None:
    """Draw similarity within against between subjects, a dot a pair of regions."""
    first, second = np.triu_indices(len(inter), k=1)
    across, inside = inter[first, second], within[first, second]
    known = ~(np.isnan(across) | np.isnan(inside))
    axes.plot(across[known], inside[known], "o", color="0.6", markersize=3, markeredgewidth=0)
    members = np.array(hubs, dtype=object)
    for hub, color in HUB_COLORS.items():
        of_hub = known & (members[first] == hub) & (members[second] == hub)
        axes.plot(across[of_hub], inside[of_hub], "o", color=color, markersize=4.5)
    axes.axline((0, 0), slope=1, color=QUIET, linewidth=0.8, linestyle=(0, (3, 2)))
    detail = f"Spearman ρ = {signed(correlations(across, inside)[1])}"
    panel_title(axes, "Pairs of regions", detail)
    axes.set_xlabel("between subjects (r)")
    axes.set_ylabel("within subjects (r)")


CONNECTIVITY_FIGURES: dict[str, tuple[str, Callable[..., Drawn]]] = {
    "inter": ("Similarity of regions across subjects", _inter),
    "within": ("Similarity of regions within subjects, across repetitions", _within),
    "hemispheres": ("Similarity of regions across subjects, in each hemisphere", _hemispheres),
    "within_inter": ("Similarity of regions within and across subjects", _within_inter),
    "shifts": ("Similarity of regions across subjects, with and without shared time", _shifts),
    "spectral": ("The regions most alike across subjects, similar ones together", _spectral),
    "subjects": ("Similarity of regions within each subject", _subjects),
}
"""Subtitle and function of each figure."""
