"""Panels with backbones of networks: regions as discs in the colour of their depth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib
import matplotlib.patheffects
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch

from repalign.figures.backbone import Network
from repalign.figures.name_places import name_sides
from repalign.figures.palette import DEPTH_MAP, HUB_COLORS, MISSING, TREE_COLORS
from repalign.figures.panels import finish, legend_above, panel_grid, panel_title
from repalign.figures.rows import Floats
from repalign.figures.style import INK, PIXEL, axes_at, look, pixels

NORM = Normalize(0, 1)
BAR_ROOM = 110


@dataclass(frozen=True)
class Drawing:
    """How large panels are, how many stand in a row, and sizes in points."""

    size: tuple[int, int]
    n_columns: int
    node: float = 9.0
    margin: int = 64
    font: float = 6.5


def plot_networks(
    networks: Sequence[Network],
    headline: tuple[str, str, str],
    drawing: Drawing,
    modality: str,
) -> Figure:
    """Draw backbones.

    Parameters
    ----------
    networks : sequence of Network
        A panel each, in reading order.
    headline : (str, str, str)
        Title, subtitle and note.
    drawing : Drawing
        Sizes.
    modality : str
        Models whose layers are meant by depth.

    Returns
    -------
    Figure
        Discs are regions, ringed in the colour of their hub; lines are edges, paler for later
        trees; arrows point to the deeper region.
    """
    with look():
        figure, axes = panel_grid(
            len(networks), drawing.n_columns, drawing.size, (24, 44), (24, BAR_ROOM, 26)
        )
        for own, network in zip(axes, networks, strict=True):
            _network(own, network, drawing)
        _bar(figure, axes[min(len(axes), drawing.n_columns) - 1], modality)
        _legend(figure, networks)
        finish(figure, *headline)
    return figure


def _network(axes: Axes, network: Network, drawing: Drawing) -> None:
    """Draw one backbone: edges, discs and names."""
    panel_title(axes, network.title)
    axes.set_axis_off()
    places = _fitted(network.places, drawing)
    axes.set(xlim=(0, drawing.size[0]), ylim=(0, drawing.size[1]))
    first, second = places[network.edges.first], places[network.edges.second]
    colors = [TREE_COLORS[min(tree, len(TREE_COLORS) - 1)] for tree in network.edges.tree]
    plain = network.direction == 0
    axes.add_collection(
        LineCollection(
            [np.stack(ends) for ends in zip(first[plain], second[plain], strict=True)],
            colors=[color for color, own in zip(colors, plain, strict=True) if own],
            linewidths=1,
            zorder=1,
        )
    )
    for k in np.flatnonzero(~plain):
        ends = (first[k], second[k]) if network.direction[k] > 0 else (second[k], first[k])
        axes.add_patch(_arrow(*ends, colors[k], drawing.node))
    known = ~np.isnan(network.depth)
    faces = matplotlib.colormaps[DEPTH_MAP](NORM(np.nan_to_num(network.depth)))
    faces[~known] = matplotlib.colors.to_rgba(MISSING)
    rings = [HUB_COLORS.get(hub, "white") for hub in network.hubs]
    axes.scatter(
        places[:, 0],
        places[:, 1],
        s=drawing.node**2,
        c=faces,
        edgecolors=rings,
        linewidths=drawing.node / 6,
        zorder=3,
    )
    _names(axes, network, places, drawing)


def _arrow(start: Floats, end: Floats, color: str, node: float) -> FancyArrowPatch:
    """Return an arrow between two discs."""
    return FancyArrowPatch(
        tuple(start),
        tuple(end),
        arrowstyle="-|>,head_length=0.45,head_width=0.2",
        mutation_scale=9,
        shrinkA=node / 2,
        shrinkB=node / 2 + 1,
        color=color,
        linewidth=1,
        zorder=2,
    )


def _names(axes: Axes, network: Network, places: Floats, drawing: Drawing) -> None:
    """Write the name of each region beside its disc."""
    halo = matplotlib.patheffects.withStroke(linewidth=1.6, foreground="white")
    edges = network.edges
    neighbours = [
        [*edges.second[edges.first == k], *edges.first[edges.second == k]]
        for k in range(len(network.names))
    ]
    sides = name_sides(
        places,
        network.names,
        neighbours,
        size=drawing.size,
        node=drawing.node / PIXEL,
        font=drawing.font / PIXEL,
    )
    for place, name, (x, y) in zip(places, network.names, sides, strict=True):
        away = drawing.node / (2 if 0 in (x, y) else 3) + 1.5
        axes.annotate(
            name,
            tuple(place),
            xytext=(x * away, y * away),
            textcoords="offset points",
            ha=("right", "center", "left")[x + 1],
            va=("top", "center", "bottom")[y + 1],
            fontsize=drawing.font,
            color=INK,
            zorder=4,
            path_effects=[halo],
        )


def _fitted(places: Floats, drawing: Drawing) -> Floats:
    """Scale places to a panel, equally along both sides, with room for names at the border."""
    low, high = places.min(axis=0), places.max(axis=0)
    room = np.array([drawing.size[0] - 2.0 * drawing.margin, drawing.size[1] - 80.0])
    extent = np.maximum(high - low, 1e-9)
    scale = float((room / extent).min())
    fitted: Floats = (places - (low + high) / 2) * scale + np.array(drawing.size) / 2
    return fitted


def _bar(figure: Figure, axes: Axes, modality: str) -> None:
    """Draw the colour bar of depth at the right of the last panel of the first row."""
    width, height = pixels(figure)
    box = axes.get_position()
    side = box.height * height
    place = axes_at(
        figure,
        round(box.x1 * width) + 20,
        round((1 - box.y1) * height + side / 4),
        14,
        round(side / 2),
    )
    bar = figure.colorbar(
        ScalarMappable(NORM, DEPTH_MAP), cax=place, ticks=[0, 0.25, 0.5, 0.75, 1]
    )
    bar.set_label(f"relative peak depth, {modality} models", fontsize=7)
    bar.ax.tick_params(labelsize=6.5, length=2)
    bar.outline.set_linewidth(PIXEL)


def _legend(figure: Figure, networks: Sequence[Network]) -> None:
    """Name hubs and trees."""
    there = {hub for network in networks for hub in network.hubs}
    hubs = [(name, color) for name, color in HUB_COLORS.items() if name in there]
    n_trees = max(int(network.edges.tree.max(initial=0)) + 1 for network in networks)
    trees = [(f"tree {k + 1}", TREE_COLORS[k]) for k in range(min(n_trees, len(TREE_COLORS)))]
    legend_above(figure, hubs + trees)
    for handle, (name, color) in zip(figure.legends[-1].get_lines(), hubs + trees, strict=True):
        if isinstance(handle, Line2D) and name in HUB_COLORS:
            handle.set(linestyle="", marker="o", markerfacecolor="white", markeredgecolor=color)
            handle.set_markeredgewidth(1.5)
