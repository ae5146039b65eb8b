"""A dataset of single showings: other subjects and models, region by region and layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from repalign.errors import RepalignError
from repalign.figures.marks import band, table_note, zero_line
from repalign.figures.model_scatter import LawFit, fit_law, law_text
from repalign.figures.palette import HUB_COLORS
from repalign.figures.parcels import HUB_TITLES, TOP_30, Parcels, strongest
from repalign.figures.rows import Floats, Mean, batches, mean_of_known, positions
from repalign.figures.scale import color_scale
from repalign.figures.scatter import caption, curve, frame
from repalign.figures.style import PIXEL, QUIET, axes_at, headings, look, new_figure
from repalign.figures.untrained import LayerCurves, hub_color, hub_curves
from repalign.tables.hubs import HUB_NAMES, HUBS

COLUMNS = ("roi_x", "roi_y", "similarity", "subject_i", "subject_j", "join_hemispheres")
WIDTH, HEIGHT, SIDE = 1600, 1540, 600
TOP, BELOW = 215, 770
"""Where both rows of panels begin, in pixels."""
OTHER = "0.6"
N_MATRIX = 30
MODALITIES = ("vision", "language")


@dataclass(frozen=True)
class SessionPairs:
    """Means over sessions and pairs of subjects.

    Attributes
    ----------
    rois : tuple of int
        Ids, ascending.
    matrix : ndarray, shape (n_rois, n_rois)
        Symmetric: mean of both orders of two regions.
    n_pairs : int
        Unordered pairs of subjects in it.
    """

    rois: tuple[int, ...]
    matrix: Floats
    n_pairs: int


def session_pairs(table: str | Path, rois: Sequence[int], *, joined: bool) -> SessionPairs:
    """Average a table of inter-subject RSA by session over pairs of different subjects.

    Parameters
    ----------
    table : str or Path
        With the columns `COLUMNS`.
    rois : sequence of int
        Region ids that it may have.
    joined : bool
        Whether its regions must join both hemispheres.

    Returns
    -------
    SessionPairs
        Every row counts alike, so pairs with more common sessions count more.

    Raises
    ------
    RepalignError
        If the table has rows of another kind, or none of such pairs.
    """
    ids = np.unique(rois)
    mean = Mean(len(ids) ** 2)
    seen: set[tuple[int, ...]] = set()
    for batch in batches(table, COLUMNS):
        if np.any(batch["join_hemispheres"] != joined):
            raise _broken(table, "rows of another hemisphere mode")
        # A subject with itself shares its own noise; the published means had such rows.
        chosen = batch["subject_i"] != batch["subject_j"]
        x, y = (positions(batch[name][chosen], ids, name, table) for name in COLUMNS[:2])
        mean.add(x * len(ids) + y, batch["similarity"][chosen].astype(np.float64))
        both = np.sort([batch["subject_i"][chosen], batch["subject_j"][chosen]], axis=0)
        seen.update(map(tuple, np.unique(both, axis=1).T.tolist()))
    if not seen:
        raise _broken(table, "no pair of subjects")
    values = mean.mean().reshape(len(ids), len(ids))
    both = mean_of_known(np.array([values, values.T]))
    return SessionPairs(tuple(ids.tolist()), both, len(seen))


def _broken(table: str | Path, found: str) -> RepalignError:
    """Return the error for a table that is not the one that was asked for."""
    return RepalignError(
        found,
        where=table,
        expected="inter-subject RSA by session, of one hemisphere mode",
        remedy="Delete it and run the workflow again.",
    )


def matrix_regions(parcels: Parcels, pairs: SessionPairs) -> list[int]:
    """Return the regions of the matrix: the published list, or the most similar ones.

    Of separated hemispheres the left regions come before the right ones, both in its order.
    """
    listed = parcels.find(TOP_30)
    if len(listed) > 1:
        return listed
    return sorted(strongest(pairs.rois, np.diag(pairs.matrix), N_MATRIX))


def model_laws(pairs: SessionPairs, models: LayerCurves) -> dict[str, LawFit]:
    """Fit the similarity of regions with each modality by that across subjects, without a band."""
    own = np.diag(pairs.matrix)
    return {modality: fit_law(own, peak, 0, 0) for modality, peak in models.peak.items()}


def overview_numbers(pairs: SessionPairs, models: LayerCurves, parcels: Parcels) -> pd.DataFrame:
    """Return what is drawn: points of the scatter, curves by subject, cells of the matrix.

    Parameters
    ----------
    pairs : SessionPairs
        Means over pairs of subjects.
    models : LayerCurves
        Of trained models, by modality.
    parcels : Parcels
        Names of regions.
    """
    rows: list[dict[str, object]] = []
    for modality, fit in model_laws(pairs, models).items():
        panel = f"scatter, {modality}"
        rows += [
            {"panel": panel, "region": parcels.label(roi), "x": x, "y": y}
            for roi, x, y in zip(pairs.rois, fit.x, fit.y, strict=True)
        ]
        rows += [
            {"panel": panel, "quantity": f"power law, {name}", "y": getattr(fit.law, name)}
            for name in ("a", "b", "shift", "r_squared", "n")
        ]
    for modality, curves in models.curves.items():
        depth = np.linspace(0, 1, curves.shape[1])
        for hub, lines in hub_curves(curves, models.rois, parcels).items():
            rows += [
                {"panel": f"depth, {modality}", "region": hub, "subject": s, "x": x, "y": y}
                for s, line in zip(models.subjects, lines, strict=True)
                for x, y in zip(depth, line, strict=True)
            ]
    shown = matrix_regions(parcels, pairs)
    place = [pairs.rois.index(roi) for roi in shown]
    rows += [
        {"panel": "matrix", "region": parcels.label(a), "other": parcels.label(b),
         "y": pairs.matrix[i, j]}
        for a, i in zip(shown, place, strict=True)
        for b, j in zip(shown, place, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(
        rows, columns=["panel", "region", "other", "subject", "quantity", "x", "y"]
    )


def plot_overview(
    pairs: SessionPairs,
    models: LayerCurves,
    parcels: Parcels,
    title: str,
    table: str | Path,
    *,
    source: str | None = None,
) -> Figure:
    """Draw models against other subjects, curves over depth, and the matrix of regions.

    Parameters
    ----------
    pairs : SessionPairs
        Means over pairs of subjects.
    models : LayerCurves
        Of trained models, by modality.
    parcels : Parcels
        Names of regions.
    title : str
        Dataset and images.
    table : str or Path
        File of pairs of subjects.
    source : str, optional
        Whether the data are real or simulated.
    """
    fits = model_laws(pairs, models)
    with look():
        figure = new_figure(WIDTH, HEIGHT)
        for k, modality in enumerate(m for m in MODALITIES if m in models.peak):
            axes = axes_at(figure, 110 + 480 * k, TOP, 370, 370)
            _scatter(axes, fits[modality], pairs.rois, modality, parcels)
        _best(axes_at(figure, 1100, TOP, 440, 370), pairs, parcels)
        _matrix(figure, pairs, parcels)
        _depths(figure, models, parcels)
        _hub_legend(figure)
        counted = [f"{models.counts[name]} {name} models" for name in models.counts]
        headings(
            figure,
            title,
            f"Inter-subject: mean over sessions and {pairs.n_pairs} pairs of subjects. Models: "
            "layer farthest from 0, mean over sessions, models and subjects",
            table_note(table, source, f"{len(pairs.rois)} regions", *counted),
            HEIGHT - 45,
        )
    return figure


def _color(roi: int, parcels: Parcels) -> str:
    """Return the colour of the hub of a region, grey where it is in none."""
    found = [
        HUB_COLORS[HUB_NAMES[hub]] for hub, areas in HUBS.items() if parcels.names[roi] in areas
    ]
    return found[0] if found else OTHER


def _scatter(
    axes: Axes, fit: LawFit, rois: Sequence[int], modality: str, parcels: Parcels
) -> None:
    """Draw one modality against other subjects, a point a region, with the power law."""
    known = ~(np.isnan(fit.x) | np.isnan(fit.y))
    colors = [_color(roi, parcels) for roi in np.array(rois)[known].tolist()]
    frame(axes, fit.x, fit.y)
    axes.scatter(fit.x[known], fit.y[known], s=22, c=colors, edgecolors="white", linewidths=0.3)
    curve(axes, fit.law, None)
    caption(axes, f"{modality.capitalize()} models", law_text(fit))
    axes.set(xlabel="inter-subject RDM similarity", ylabel=f"{modality}: RDM similarity")


def _best(axes: Axes, pairs: SessionPairs, parcels: Parcels) -> None:
    """Draw the regions that are most similar across subjects, in the colours of the hubs."""
    own = np.diag(pairs.matrix)
    best = strongest(pairs.rois, own, 15)
    values = [own[pairs.rois.index(roi)] for roi in best]
    axes.barh(range(len(best)), values, height=0.7, color=[_color(r, parcels) for r in best])
    axes.set_yticks(range(len(best)), [parcels.label(roi) for roi in best], fontsize=7.5)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(14.6, -0.6)
    axes.set_xlabel("inter-subject RDM similarity")
    axes.set_title("Most similar regions", loc="left", fontsize=9)


def _hub_legend(figure: Figure) -> None:
    """Name the colours of the hubs, between both rows of panels."""
    handles = [
        Line2D([], [], marker="s", linestyle="", color=color, markersize=6, label=name)
        for name, color in (
            *((HUB_TITLES[hub], HUB_COLORS[short]) for hub, short in HUB_NAMES.items()),
            ("Other regions", OTHER),
        )
    ]  # fmt: skip
    figure.legend(
        handles=handles, ncols=len(handles), frameon=False, fontsize=8, loc="center",
        bbox_to_anchor=(0.5, 1 - 670 / HEIGHT),
    )  # fmt: skip


def _matrix(figure: Figure, pairs: SessionPairs, parcels: Parcels) -> None:
    """Draw the similarity of regions with each other across subjects."""
    shown = matrix_regions(parcels, pairs)
    place = [pairs.rois.index(roi) for roi in shown]
    values = pairs.matrix[np.ix_(place, place)]
    colormap, norm, extend = color_scale(values)
    axes = axes_at(figure, 110, BELOW, SIDE, SIDE)
    image = axes.imshow(values, cmap=colormap, norm=norm, interpolation="none")
    axes.patch.set(facecolor="0.88", edgecolor="0.6", hatch="//////")
    axes.spines[:].set(visible=True, linewidth=PIXEL)
    names = [parcels.label(roi) for roi in shown]
    # Names of both hemispheres are twice as many in the same place.
    size = min(7.0, 0.8 * SIDE * PIXEL / len(names))
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=size)
    axes.set_yticks(range(len(names)), names, fontsize=size)
    axes.tick_params(length=0, pad=2)
    axes.set_title("Regions across subjects", loc="left", fontsize=9)
    bar_axes = axes_at(figure, 110 + SIDE + 20, BELOW + SIDE // 6, 18, SIDE * 2 // 3)
    bar = figure.colorbar(image, cax=bar_axes, extend=extend, ticks=MaxNLocator(6))
    bar.set_label("RDM similarity (Pearson r)", fontsize=8)
    bar.ax.tick_params(labelsize=7.5)


def _depths(figure: Figure, models: LayerCurves, parcels: Parcels) -> None:
    """Draw curves over depth, a modality above the other."""
    for k, modality in enumerate(MODALITIES):
        axes = axes_at(figure, 980, BELOW + k * 330, 560, 250)
        axes.set_title(f"{modality.capitalize()} models over depth", loc="left", fontsize=9)
        axes.set(xlim=(0, 1), ylabel="RDM similarity")
        if k == len(MODALITIES) - 1:
            axes.set_xlabel("relative depth of the layer")
        curves: Mapping[str, Floats] = models.curves
        if modality not in curves:
            axes.text(0.5, 0.5, "no models", ha="center", color=QUIET, transform=axes.transAxes)
            continue
        zero_line(axes)
        depth = np.linspace(0, 1, curves[modality].shape[1])
        for hub, lines in hub_curves(curves[modality], models.rois, parcels).items():
            band(axes, depth, lines, hub_color(hub), HUB_TITLES.get(hub, "All regions"))
        axes.yaxis.set_major_locator(MaxNLocator(5))
