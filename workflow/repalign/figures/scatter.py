"""Scatters of regions: points in the colours of areas, curves, and labels that do not overlap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from scipy.stats import pearsonr, spearmanr

from repalign.figures.regions import Region
from repalign.figures.rows import Floats
from repalign.figures.style import INK, PIXEL, QUIET, pixels
from repalign.kernels.power_law import PowerLaw, percentile_band

N_LABELS = 14
LABEL_SIZE = 6.5
_PLACES = (
    (4, 0, "left", "center"), (-4, 0, "right", "center"), (0, 4, "center", "bottom"),
    (0, -4, "center", "top"), (3, 3, "left", "bottom"), (-3, 3, "right", "bottom"),
    (3, -3, "left", "top"), (-3, -3, "right", "top"),
)  # fmt: skip
"""Where a label may stand: offset in points, horizontal and vertical alignment."""

_RAISED = str.maketrans("0123456789.-−", "⁰¹²³⁴⁵⁶⁷⁸⁹·⁻⁻")


def raised(number: str) -> str:
    """Return a number in superscript characters."""
    return number.translate(_RAISED)


def equation(law: PowerLaw) -> str:
    """Return a power law as it is written."""
    x = f"(x + {law.shift:.2g})" if law.shift else "x"
    return f"y = {law.a:.3f} {x}{raised(f'{law.b:.3f}')}"


def correlations(x: Floats, y: Floats) -> tuple[float, float, int]:
    """Return Pearson's r, Spearman's rho and the number of points without NaN."""
    known = np.isfinite(x) & np.isfinite(y)
    n = int(known.sum())
    if n < 3 or np.ptp(x[known]) == 0 or np.ptp(y[known]) == 0:
        return float("nan"), float("nan"), n
    r, rho = pearsonr(x[known], y[known]), spearmanr(x[known], y[known])
    return float(r.statistic), float(rho.statistic), n


def signed(value: float, digits: int = 3) -> str:
    """Return a number with a real minus sign; a dash where there is none."""
    return "–" if np.isnan(value) else f"{value:.{digits}f}".replace("-", "−")


def scientific(value: float) -> str:
    """Return a small number as a power of ten, 0 as it is, a dash where there is none."""
    if np.isnan(value) or value == 0:
        return "–" if np.isnan(value) else "0"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa} × 10{raised(str(int(exponent)))}"


def points(
    axes: Axes,
    x: Floats,
    y: Floats,
    regions: Sequence[Region],
    filled: npt.NDArray[np.bool_] | None = None,
) -> None:
    """Draw one point a region; those that are not `filled` as rings."""
    for kind in (False, True):
        chosen = [r for r in regions if (filled is None or bool(filled[r.index])) == kind]
        if not chosen:
            continue
        index = [region.index for region in chosen]
        colors = [region.color for region in chosen]
        axes.scatter(
            x[index],
            y[index],
            s=15,
            facecolors=colors if kind else "none",
            edgecolors=INK if kind else colors,
            linewidths=0.3 if kind else 0.8,
            zorder=3 if kind else 2,
        )


def frame(axes: Axes, x: Floats, y: Floats, *, same: bool = False) -> None:
    """Set limits with a margin around all points and 0; equal ones where asked for."""
    limits = []
    for values in (x, y):
        known = values[np.isfinite(values)]
        low = min(0.0, float(known.min())) if known.size else 0.0
        high = max(0.0, float(known.max())) if known.size else 1.0
        margin = 0.06 * ((high - low) or 1.0)
        limits.append((low - margin, high + margin))
    if same:
        limits = [(min(a for a, _ in limits), max(b for _, b in limits))] * 2
    axes.set_xlim(*limits[0])
    axes.set_ylim(*limits[1])
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10], min_n_ticks=4))
    axes.axhline(0, color="0.85", linewidth=PIXEL, zorder=0)
    axes.axvline(0, color="0.85", linewidth=PIXEL, zorder=0)


def caption(axes: Axes, title: str, text: str) -> None:
    """Write a title and lines of numbers above axes, where they cover no point."""
    n_lines = text.count("\n") + 1
    axes.set_title(title, loc="left", fontsize=9, pad=8 + 11.5 * n_lines)
    axes.annotate(
        text,
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 5),
        textcoords="offset points",
        va="bottom",
        fontsize=7.5,
        color=QUIET,
        linespacing=1.45,
    )


def identity(axes: Axes) -> Floats:
    """Draw the line on which both are equal; return points of it, shape (n, 2)."""
    axes.axline((0, 0), slope=1, color=QUIET, linewidth=0.6, linestyle=(0, (4, 3)), zorder=1)
    line = np.linspace(*axes.get_xlim(), 200)
    return np.column_stack([line, line])


def curve(
    axes: Axes, law: PowerLaw, samples: tuple[Floats, Floats] | None, color: str = INK
) -> Floats:
    """Draw a power law with its bootstrap band; return points of it, shape (n, 2)."""
    if np.isnan(law.a):
        return np.empty((0, 2))
    low, high = axes.get_xlim()
    x = np.linspace(max(low, -law.shift + 1e-9), high, 300)
    if samples is not None:
        edges = percentile_band(law, *samples, x)
        axes.fill_between(x, *edges, color=color, alpha=0.14, linewidth=0, zorder=1)
    y = law(x)
    axes.plot(x, y, color=color, linewidth=1.1, zorder=2)
    return np.column_stack([x, y])


def label_points(
    axes: Axes,
    x: Floats,
    y: Floats,
    regions: Sequence[Region],
    avoid: Floats | None = None,
    n_labels: int = N_LABELS,
) -> list[str]:
    """Name points, the outermost first, where there is room.

    Parameters
    ----------
    axes : Axes
        With its final limits.
    x, y : ndarray, shape (n_rois,)
        Values by region index.
    regions : sequence of Region
        Those that may be named.
    avoid : ndarray, shape (n, 2), optional
        More places that labels must not cover, in units of the data.
    n_labels : int
        Labels at most.

    Returns
    -------
    list of str
        Labels that were written.
    """
    shown = [r for r in regions if np.isfinite(x[r.index]) and np.isfinite(y[r.index])]
    if not shown:
        return []
    index = np.array([region.index for region in shown])
    places = axes.transData.transform(np.column_stack([x[index], y[index]]))
    obstacles = places if avoid is None else np.vstack([places, axes.transData.transform(avoid)])
    # Far from the crowd: large on either axis, or away from the neighbours.
    span = np.ptp(places, axis=0) + 1e-9
    scaled = (places - places.min(axis=0)) / span
    rank = np.argsort(-scaled.max(axis=1) - 0.5 * _isolation(scaled), kind="stable")
    renderer = axes.figure.canvas.get_renderer()  # type: ignore[attr-defined]
    inside = axes.get_window_extent(renderer)
    taken: list[npt.NDArray[np.float64]] = [
        np.asarray(text.get_window_extent(renderer).extents) for text in axes.texts
    ]
    written: list[str] = []
    for k in rank:
        if len(written) == n_labels:
            break
        for dx, dy, across, along in _PLACES:
            text = axes.annotate(
                shown[k].label,
                (x[index[k]], y[index[k]]),
                xytext=(dx, dy),
                textcoords="offset points",
                ha=across,
                va=along,
                fontsize=LABEL_SIZE,
                zorder=5,
            )
            box = np.asarray(text.get_window_extent(renderer).extents)
            free = not any(_overlap(box, other) for other in taken)
            free &= _covered(box, np.delete(obstacles, k, axis=0)) == 0
            free &= bool(
                inside.x0 <= box[0] and box[2] <= inside.x1 + 40
                and inside.y0 <= box[1] and box[3] <= inside.y1 + 10
            )  # fmt: skip
            if free:
                taken.append(box)
                written.append(shown[k].label)
                break
            text.remove()
    return written


def group_legend(
    figure: Figure, regions: Sequence[Region], left: int, top: int, n_columns: int = 1
) -> None:
    """Name the colours of all groups of areas, from a place in pixels."""
    width, height = pixels(figure)
    colors = {region.group: region.color for region in regions}
    handles = [
        Line2D([], [], marker="o", linestyle="", color=color, markeredgecolor=INK,
               markeredgewidth=0.3, markersize=4.5, label=name)
        for name, color in colors.items()
    ]  # fmt: skip
    figure.legend(
        handles=handles,
        ncols=n_columns,
        frameon=False,
        fontsize=7,
        loc="upper left",
        bbox_to_anchor=(left / width, 1 - top / height),
        borderpad=0,
        borderaxespad=0,
        handletextpad=0.2,
        columnspacing=1.5,
        labelspacing=0.5,
    )


def _isolation(scaled: Floats) -> Floats:
    """Return the distance of each point to its nearest neighbour, at most 1."""
    distance = np.linalg.norm(scaled[:, None] - scaled[None], axis=2)
    np.fill_diagonal(distance, 1)
    nearest: Floats = np.minimum(distance.min(axis=1) * 5, 1)
    return nearest


def _overlap(one: Floats, other: Floats) -> bool:
    """Say whether two boxes (x0, y0, x1, y1) overlap."""
    return bool(
        one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
    )


def _covered(box: Floats, places: Floats) -> int:
    """Count the points inside a box with a margin of a point's radius."""
    inside = (places > box[:2] - 3).all(axis=1) & (places < box[2:] + 3).all(axis=1)
    return int(inside.sum())
