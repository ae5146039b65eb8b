"""Maps on the flattened cortex: parcels in the colour of their value, both hemispheres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib.patheffects
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from repalign.figures.panels import finish, panel_grid, panel_title
from repalign.figures.rows import Floats
from repalign.figures.style import INK, PIXEL, axes_at, look, pixels
from repalign.kernels.parcel_shapes import parcel_centres, parcel_shapes
from repalign.tables.fsaverage import load_mesh, load_sulci

SIDES = {"lh": "Left hemisphere", "rh": "Right hemisphere"}
GYRUS, SULCUS = "0.88", "0.76"
"""Cortex without a value, above and below the mean depth."""
PANEL = (860, 780)

Values = Mapping[str, Mapping[int, float]]
"""By hemisphere, lh and rh: the value of each area by its number; an area without one is grey."""


@dataclass(frozen=True)
class Cortex:
    """A parcellation of fsaverage5.

    Attributes
    ----------
    labels : mapping of str to ndarray of int, shape (n_vertices,)
        By hemisphere, lh and rh: area of each vertex, 0 for none. Each hemisphere has vertices
        of its own.
    names : sequence of str
        Names of areas 1, 2, ...
    named : frozenset of int
        Areas whose names are written where they have a value.
    """

    labels: Mapping[str, npt.NDArray[np.int16]]
    names: Sequence[str]
    named: frozenset[int] = frozenset()


@dataclass(frozen=True)
class ColorScale:
    """From values to colours, and what they mean."""

    colormap: Colormap
    norm: Normalize
    extend: str
    label: str


def plot_maps(
    rows: Mapping[str, Values],
    cortex: Cortex,
    scale: ColorScale,
    headline: tuple[str, str, str],
) -> Figure:
    """Draw maps, a row of two hemispheres each, all with one scale.

    Parameters
    ----------
    rows : mapping of str to Values
        Values of each map, by its title; an empty title for a single map.
    cortex : Cortex
        Where areas lie.
    scale : ColorScale
        Colours.
    headline : (str, str, str)
        Title, subtitle and note.

    Returns
    -------
    Figure
        Colours are rasterised in vector formats, borders and names are not.
    """
    with look():
        figure, axes = panel_grid(2 * len(rows), 2, PANEL, (20, 50), (24, 116, 16))
        for k, (title, values) in enumerate(rows.items()):
            for side, (hemisphere, name) in enumerate(SIDES.items()):
                own = axes[2 * k + side]
                draw_hemisphere(own, hemisphere, values.get(hemisphere, {}), cortex, scale)
                panel_title(own, f"{title}: {name.lower()}" if title else name)
        _bar(figure, axes[1], scale)
        finish(figure, *headline)
    return figure


def draw_hemisphere(
    axes: Axes,
    hemisphere: str,
    values: Mapping[int, float],
    cortex: Cortex,
    scale: ColorScale,
) -> None:
    """Draw the flat map of a hemisphere.

    Parameters
    ----------
    axes : Axes
        Where.
    hemisphere : {'lh', 'rh'}
        Which.
    values : mapping of int to float
        By number of the area; those without one, or with NaN, are grey.
    cortex : Cortex
        Where areas lie.
    scale : ColorScale
        Colours.
    """
    mesh, sulci = load_mesh("flat", hemisphere), load_sulci(hemisphere)
    places = mesh.places[:, :2]
    labels = cortex.labels[hemisphere]
    shapes = parcel_shapes(places, mesh.triangles, labels)
    known = {area: value for area, value in values.items() if not np.isnan(value)}
    deep = sulci[mesh.triangles].mean(axis=1) > 0
    grey = np.array([matplotlib.colors.to_rgba(c) for c in (GYRUS, SULCUS)])
    colors = grey[deep[shapes.origin].astype(int)]
    for area, value in known.items():
        colors[shapes.labels == area] = scale.colormap(scale.norm(value))
    # Edges in the same colour close the seams between neighbouring pieces.
    axes.add_collection(
        PolyCollection(
            list(shapes.pieces),
            facecolors=colors,
            edgecolors=colors,
            linewidths=0.3,
            rasterized=True,
        )
    )
    axes.add_collection(LineCollection(list(shapes.borders), colors="0.25", linewidths=0.35))
    there = np.full(places.shape, np.nan)
    there[mesh.triangles] = places[mesh.triangles]
    _names(axes, parcel_centres(there, labels), known, cortex)
    _fit(axes, np.nanmin(there, axis=0), np.nanmax(there, axis=0))
    axes.set_axis_off()


def map_numbers(rows: Mapping[str, Values], names: Sequence[str]) -> pd.DataFrame:
    """Return the drawn values.

    Returns
    -------
    DataFrame
        map, hemisphere, area (its number), region (its name), value; a row an area with a value.
    """
    found = [
        (title, hemisphere, area, names[area - 1], float(value))
        for title, values in rows.items()
        for hemisphere in SIDES
        for area, value in sorted(values.get(hemisphere, {}).items())
        if not np.isnan(value)
    ]
    return pd.DataFrame(found, columns=["map", "hemisphere", "area", "region", "value"])


def _fit(axes: Axes, low: Floats, high: Floats) -> None:
    """Give both directions one scale, with the map in the middle."""
    size = np.array([axes.bbox.width, axes.bbox.height])
    half = 0.505 * float(((high - low) / size).max()) * size
    middle = (low + high) / 2
    axes.set(
        xlim=(middle[0] - half[0], middle[0] + half[0]),
        ylim=(middle[1] - half[1], middle[1] + half[1]),
    )


def _names(
    axes: Axes, centres: Mapping[int, Floats], known: Mapping[int, float], cortex: Cortex
) -> None:
    """Write the names of areas that have a value."""
    halo = matplotlib.patheffects.withStroke(linewidth=1.2, foreground="white")
    for area, centre in centres.items():
        if area in known and area in cortex.named:
            axes.text(
                float(centre[0]),
                float(centre[1]),
                cortex.names[area - 1],
                ha="center",
                va="center",
                fontsize=5,
                color=INK,
                path_effects=[halo],
            )


def _bar(figure: Figure, axes: Axes, scale: ColorScale) -> None:
    """Draw the colour bar at the right of the first row."""
    width, height = pixels(figure)
    left = width - 100
    top = height - round(axes.get_position(original=True).y1 * height)
    place = axes_at(figure, left, top + PANEL[1] // 4, 16, PANEL[1] // 2)
    mappable = ScalarMappable(scale.norm, scale.colormap)
    bar = figure.colorbar(mappable, cax=place, extend=scale.extend, ticks=MaxNLocator(5))
    bar.set_label(scale.label, fontsize=7.5)
    bar.ax.tick_params(labelsize=7, length=2)
    bar.outline.set_linewidth(PIXEL)
