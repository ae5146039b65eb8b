"""Curves over the layers of untrained models, beside those of trained ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from repalign.errors import RepalignError
from repalign.figures.marks import band, table_note, zero_line
from repalign.figures.model_scores import DepthSummary
from repalign.figures.palette import HUB_COLORS
from repalign.figures.parcels import HUB_TITLES, Parcels
from repalign.figures.rows import BATCH_ROWS, Floats, Mean, mean_of_known, positions
from repalign.figures.style import INK, QUIET, axes_at, headings, look, new_figure
from repalign.kernels.depth import relative_depth, resample_curves, signed_peak
from repalign.tables.hubs import HUB_NAMES

COLUMNS = ("layer", "score", "roi", "subject", "model", "modality")
MODALITIES = ("vision", "language")
N_POINTS = 40
Layers = npt.NDArray[np.intp]
MOST_LAYERS = 256
"""Layers are numbered in one byte."""
WIDTH, PANEL, HIGH = 1600, 380, 360


@dataclass(frozen=True)
class LayerCurves:
    """Mean curves of the models of each modality.

    Attributes
    ----------
    rois, subjects : tuple of int
        Regions and subjects, ascending.
    curves : dict of str to ndarray, shape (n_subjects, n_points, n_rois)
        By modality: mean over sessions and models, at points from depth 0 to depth 1.
    peak : dict of str to ndarray, shape (n_rois,)
        Signed score of the layer farthest from 0, mean over models; the layer is that of the
        mean over sessions and subjects, unless `trained_curves` was asked for another.
    counts : dict of str to int
        Models of each modality.
    """

    rois: tuple[int, ...]
    subjects: tuple[int, ...]
    curves: dict[str, Floats]
    peak: dict[str, Floats]
    counts: dict[str, int]


def untrained_curves(
    table: str | Path, rois: Sequence[int], subjects: Sequence[int]
) -> LayerCurves:
    """Average a table of untrained models, a bounded number of rows at a time.

    No score is left out: a filter by score before the mean would cut one side of the noise and
    raise the mean of regions that hold nothing.

    Parameters
    ----------
    table : str or Path
        With the columns `COLUMNS`.
    rois, subjects : sequence of int
        Ids that it may have.

    Returns
    -------
    LayerCurves
        Of the modalities that it has.

    Raises
    ------
    RepalignError
        If the table has other regions or subjects, or no rows.
    """
    roi_ids, subject_ids = np.unique(rois), np.unique(subjects)
    shape = (MOST_LAYERS, len(subject_ids), len(roi_ids))
    means: dict[tuple[str, str], Mean] = {}
    with pq.ParquetFile(table) as file:
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=list(COLUMNS)):
            rows = {name: batch.column(name).to_numpy(zero_copy_only=False) for name in COLUMNS}
            place = np.ravel_multi_index(
                (
                    rows["layer"].astype(np.intp),
                    positions(rows["subject"], subject_ids, "subject", table),
                    positions(rows["roi"], roi_ids, "roi", table),
                ),
                shape,
            )
            score = rows["score"].astype(np.float64)
            for model in np.unique(rows["model"].astype(str)):
                own = rows["model"] == model
                key = (str(rows["modality"][own][0]), model)
                means.setdefault(key, Mean(int(np.prod(shape)))).add(place[own], score[own])
    if not means:
        raise RepalignError(
            "no rows",
            where=table,
            expected="scores of at least one model",
            remedy="Delete it and run the workflow again.",
        )
    cubes: dict[str, list[tuple[Layers, Floats]]] = {}
    for (modality, _), mean in means.items():
        cube = mean.mean().reshape(shape)
        layers = np.flatnonzero(mean.rows.reshape(shape).any(axis=(1, 2)))
        cubes.setdefault(modality, []).append((layers, cube[layers]))
    return _averaged(tuple(roi_ids.tolist()), tuple(subject_ids.tolist()), cubes)


def _averaged(
    rois: tuple[int, ...],
    subjects: tuple[int, ...],
    cubes: Mapping[str, list[tuple[Layers, Floats]]],
) -> LayerCurves:
    """Average curves and peaks over the models of each modality."""
    curves, peak = {}, {}
    for modality, models in cubes.items():
        lines, peaks = [], []
        for layers, cube in models:
            peaks.append(signed_peak(mean_of_known(cube.swapaxes(0, 1)))[1])
            if len(layers) > 1:
                lines.append(resample_curves(relative_depth(layers), cube, N_POINTS))
        peak[modality] = mean_of_known(np.array(peaks))
        if lines:
            curves[modality] = mean_of_known(np.array(lines)).swapaxes(0, 1)
    counts = {name: len(models) for name, models in cubes.items()}
    return LayerCurves(rois, subjects, curves, peak, counts)


def trained_curves(
    summary: DepthSummary, modalities: Mapping[str, str], *, by_session: bool = False
) -> LayerCurves:
    """Bring the curves of trained models into the same form.

    Parameters
    ----------
    summary : DepthSummary
        Of all models.
    modalities : mapping of str to str
        Modality of each model.
    by_session : bool
        Whether peaks are found in each session of each subject and then averaged, as in tables of
        p-values; by default they are those of the mean, as of untrained models.
    """
    curves, peak, counts = {}, {}, {}
    for modality in dict.fromkeys(modalities.values()):
        part = summary.of_models([m for m in summary.models if modalities[m] == modality])
        curves[modality] = mean_of_known(part.curves)
        each = part.peak.reshape(-1, len(summary.rois))
        peak[modality] = mean_of_known(each if by_session else part.peak_of_mean)
        counts[modality] = len(part.models)
    return LayerCurves(summary.rois, summary.subjects, curves, peak, counts)


def depth_numbers(sets: Mapping[str, LayerCurves], parcels: Parcels) -> pd.DataFrame:
    """Return what is drawn: hubs' curves by subject, and peaks of regions.

    Parameters
    ----------
    sets : mapping of str to LayerCurves
        By name, such as `untrained`.
    parcels : Parcels
        Names of regions.
    """
    rows: list[tuple[object, ...]] = []
    depth = np.linspace(0, 1, N_POINTS)
    for name, shown in sets.items():
        for modality, curves in shown.curves.items():
            for hub, lines in hub_curves(curves, shown.rois, parcels).items():
                for subject, line in zip(shown.subjects, lines, strict=True):
                    rows += [
                        ("curve", name, modality, hub, subject, x, y)
                        for x, y in zip(depth, line, strict=True)
                    ]
        for modality, values in shown.peak.items():
            rows += [
                ("peak", name, modality, parcels.label(roi), 0, np.nan, value)
                for roi, value in zip(shown.rois, values, strict=True)
            ]
    columns = ["panel", "weights", "modality", "region", "subject", "depth", "score"]
    return pd.DataFrame(rows, columns=columns)


def hub_curves(curves: Floats, rois: Sequence[int], parcels: Parcels) -> dict[str, Floats]:
    """Average curves over the regions of each hub, or over all where there is no hub.

    Parameters
    ----------
    curves : ndarray, shape (n_subjects, n_points, n_rois)
        By region.
    rois : sequence of int
        Their ids.
    parcels : Parcels
        Names of regions.

    Returns
    -------
    dict of str to ndarray, shape (n_subjects, n_points)
        By the name of the hub.
    """
    place = {roi: k for k, roi in enumerate(rois)}
    groups = parcels.hubs() or {"all": list(rois)}
    return {
        hub: mean_of_known(np.moveaxis(curves[..., [place[roi] for roi in members]], -1, 0))
        for hub, members in groups.items()
    }


def plot_untrained(
    untrained: LayerCurves,
    trained: LayerCurves | None,
    parcels: Parcels,
    table: str | Path,
    *,
    source: str | None = None,
) -> Figure:
    """Draw curves by modality, untrained above trained, and the peaks of regions beside them.

    Parameters
    ----------
    untrained : LayerCurves
        Unbiased CKA.
    trained : LayerCurves, optional
        RSA of the same dataset.
    parcels : Parcels
        Names of regions.
    table : str or Path
        File of untrained models.
    source : str, optional
        Whether the data are real or simulated.
    """
    rows = [("Untrained", untrained, "unbiased CKA")]
    rows += [("Trained", trained, "RDM similarity (Pearson r)")] if trained else []
    height = 150 + len(rows) * (HIGH + 130) + 110
    with look():
        figure = new_figure(WIDTH, height)
        for k, (name, shown, label) in enumerate(rows):
            top = 170 + k * (HIGH + 130)
            limits: list[Axes] = []
            for column, modality in enumerate(MODALITIES):
                axes = axes_at(figure, 110 + column * (PANEL + 90), top, PANEL, HIGH)
                limits.append(axes)
                _curves(axes, shown, modality, parcels)
                axes.set_title(f"{name} {modality} models", loc="left", fontsize=9,
                               fontweight="bold")  # fmt: skip
                axes.set_ylabel(label if column == 0 else "")
            low, high = (f(axes.get_ylim()[i] for axes in limits) for i, f in ((0, min), (1, max)))
            for axes in limits:
                axes.set_ylim(low, high)
            _peaks(axes_at(figure, 1150, top, 400, HIGH), shown, label)
        handles, names = figure.axes[0].get_legend_handles_labels()
        figure.legend(
            handles, names, ncols=3, frameon=False, fontsize=8, loc="upper left",
            bbox_to_anchor=(100 / WIDTH, 1 - 85 / height), borderaxespad=0,
        )  # fmt: skip
        headings(
            figure,
            "Layers of models with random and with learnt weights",
            "Mean over models, sessions and the regions of a hub; bands are the standard error "
            "over subjects. Depth 0: first layer, 1: last",
            table_note(table, source, *_counted(untrained)),
            height - 45,
        )
    return figure


def _counted(shown: LayerCurves) -> list[str]:
    """Return how many untrained models there are."""
    return [f"{count} untrained {name} models" for name, count in shown.counts.items()]


def hub_color(hub: str) -> str:
    """Return the colour of a hub; of all regions, that of text."""
    return HUB_COLORS[HUB_NAMES[hub]] if hub in HUB_NAMES else INK


def _curves(axes: Axes, shown: LayerCurves, modality: str, parcels: Parcels) -> None:
    """Draw the curves of the hubs in one modality."""
    axes.set(xlabel="relative depth of the layer", xlim=(0, 1))
    if modality not in shown.curves:
        axes.text(0.5, 0.5, "no models", ha="center", color=QUIET, transform=axes.transAxes)
        return
    zero_line(axes)
    depth = np.linspace(0, 1, N_POINTS)
    for hub, lines in hub_curves(shown.curves[modality], shown.rois, parcels).items():
        band(axes, depth, lines, hub_color(hub), HUB_TITLES.get(hub, "All regions"))
    axes.yaxis.set_major_locator(MaxNLocator(5))


def _peaks(axes: Axes, shown: LayerCurves, label: str) -> None:
    """Draw the peaks of regions, language against vision."""
    axes.set_title("Layer farthest from 0, every region", loc="left", fontsize=9)
    axes.set(xlabel=f"vision: {label}", ylabel=f"language: {label}")
    if len(shown.peak) < len(MODALITIES):
        axes.text(0.5, 0.5, "one modality alone", ha="center", color=QUIET,
                  transform=axes.transAxes)  # fmt: skip
        return
    axes.axline((0, 0), slope=1, color=QUIET, linewidth=0.5, zorder=0)
    x, y = (shown.peak[name] for name in MODALITIES)
    axes.scatter(x, y, s=18, color="0.35", edgecolors="white", linewidths=0.3)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5))
