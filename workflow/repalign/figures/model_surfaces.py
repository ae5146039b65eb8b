"""Layers of language models with layers of vision models: mean surfaces over depth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from mpl_toolkits.mplot3d.axes3d import Axes3D  # type: ignore[import-untyped]

from repalign.errors import RepalignError
from repalign.figures.marks import table_note
from repalign.figures.rows import BATCH_ROWS, Floats, mean_of_known
from repalign.figures.style import PIXEL, axes_at, headings, look, new_figure, pixels
from repalign.kernels.depth import relative_depth, resample_curves

COLUMNS = ("model_language", "model_vision", "layer_language", "layer_vision", "metric", "score")
TITLES = {
    "rsa": "RSA (Pearson r)",
    "unbiased_cka": "Unbiased CKA",
    "mutual_knn": "Mutual nearest neighbours",
}
N_POINTS = 40
SIDE, GAP, LEFT = 400, 110, 110


@dataclass(frozen=True)
class Surfaces:
    """Mean scores over depth.

    Attributes
    ----------
    grids : dict of str to ndarray, shape (n_points, n_points)
        By metric; row: depth of the language model, column: of the vision model.
    n_pairs : int
        Pairs of models.
    """

    grids: Mapping[str, Floats]
    n_pairs: int


def mean_surfaces(table: str | Path, n_points: int = N_POINTS) -> Surfaces:
    """Average scores over batches, bring every pair of models to one grid, average over pairs.

    All layers flattened into one (layer -1) are left out, and so are models with one layer, which
    have no depth. No score is left out for its value.

    Parameters
    ----------
    table : str or Path
        Pairs of models follow each other.
    n_points : int
        Points along each axis.

    Returns
    -------
    Surfaces
        Metrics in the order of `TITLES`.

    Raises
    ------
    RepalignError
        If no pair of models with two layers or more is there.
    """
    found: dict[str, list[Floats]] = {}
    for frame in model_pairs(table):
        for metric, part in frame.groupby("metric", observed=True, sort=False):
            grid = pair_grid(part, n_points)
            if grid is not None:
                found.setdefault(str(metric), []).append(grid)
    if not found:
        raise RepalignError(
            "no pair of models with two layers or more",
            where=table,
            expected="layers of language and vision models",
            remedy="Delete it and run the workflow again.",
        )
    means = {m: mean_of_known(np.array(found[m])) for m in TITLES if m in found}
    return Surfaces(means, max(len(grids) for grids in found.values()))


def model_pairs(table: str | Path) -> Iterator[pd.DataFrame]:
    """Yield the rows of one pair of models after the other; one pair is in memory at a time."""
    kept: list[pd.DataFrame] = []
    with pq.ParquetFile(table) as file:
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=list(COLUMNS)):
            frame = batch.to_pandas()
            pair = frame["model_language"].astype(str) + "\t" + frame["model_vision"].astype(str)
            run = (pair != pair.shift()).cumsum()
            for _, part in frame.assign(pair=pair).groupby(run, sort=True):
                if kept and kept[-1]["pair"].iloc[-1] != part["pair"].iloc[0]:
                    yield pd.concat(kept, ignore_index=True)
                    kept = []
                kept.append(part)
    if kept:
        yield pd.concat(kept, ignore_index=True)


def pair_grid(part: pd.DataFrame, n_points: int) -> Floats | None:
    """Return one pair's mean scores on the common grid, or None where a model has one layer.

    Parameters
    ----------
    part : DataFrame
        Rows of one pair and metric.
    n_points : int
        Points along each axis.
    """
    layers = part[(part["layer_language"] >= 0) & (part["layer_vision"] >= 0)]
    means = layers.assign(score=layers["score"].astype(np.float64)).pivot_table(
        index="layer_language", columns="layer_vision", values="score", aggfunc="mean",
        # A layer without any value keeps its place, or the others would be stretched.
        dropna=False,
    )  # fmt: skip
    if min(means.shape, default=0) < 2:
        return None
    rows, columns = (relative_depth(axis.to_numpy()) for axis in (means.index, means.columns))
    across = resample_curves(rows, means.to_numpy(), n_points)
    return resample_curves(columns, across.T, n_points).T


def surface_numbers(surfaces: Surfaces) -> pd.DataFrame:
    """Return what is drawn: one row a metric and point."""
    parts = []
    for metric, values in surfaces.grids.items():
        depth = np.linspace(0, 1, len(values))
        x, y = np.meshgrid(depth, depth, indexing="ij")
        columns = {"depth_language": x.ravel(), "depth_vision": y.ravel(), "score": values.ravel()}
        parts.append(pd.DataFrame({"metric": metric, **columns}))
    return pd.concat(parts, ignore_index=True)


def plot_surfaces(surfaces: Surfaces, table: str | Path, *, source: str | None = None) -> Figure:
    """Draw each metric as a surface, and below it the same as a map.

    Parameters
    ----------
    surfaces : Surfaces
        As from `mean_surfaces`.
    table : str or Path
        File that they are from.
    source : str, optional
        Whether the data are real or simulated.
    """
    width = max(LEFT + len(surfaces.grids) * (SIDE + GAP) + 40, 1100)
    with look():
        figure = new_figure(width, 1260)
        for k, (metric, values) in enumerate(surfaces.grids.items()):
            left = LEFT + k * (SIDE + GAP)
            _surface(figure, left - 60, values, TITLES[metric])
            axes = axes_at(figure, left, 720, SIDE - 60, SIDE - 60)
            image = axes.imshow(
                values, origin="lower", extent=(0, 1, 0, 1), cmap="viridis", aspect="equal"
            )
            axes.spines[:].set(visible=True, linewidth=PIXEL)
            axes.set(xlabel="depth of the vision model", xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
            axes.set_ylabel("depth of the language model" if k == 0 else "")
            bar = figure.colorbar(image, cax=axes_at(figure, left + SIDE - 48, 720, 14, SIDE - 60))
            bar.ax.tick_params(labelsize=7)
        headings(
            figure,
            "Layers of language models with layers of vision models",
            "Mean over batches of images, then over pairs of models; "
            "depth 0: first layer, 1: last one",
            table_note(table, source, f"pairs of models: {surfaces.n_pairs}"),
            1205,
        )
    return figure


def _surface(figure: Figure, left: int, values: Floats, title: str) -> None:
    """Draw one surface."""
    width, height = pixels(figure)
    place = (left / width, 1 - 630 / height, (SIDE + 90) / width, 510 / height)
    axes = figure.add_axes(place, projection="3d")
    if not isinstance(axes, Axes3D):
        raise TypeError("matplotlib gave axes without a third dimension")
    depth = np.linspace(0, 1, len(values))
    x, y = np.meshgrid(depth, depth)
    axes.plot_surface(x, y, values, cmap="viridis", linewidth=0, antialiased=True, rstride=1,
                      cstride=1)  # fmt: skip
    axes.view_init(elev=28, azim=-125)
    axes.set_xlabel("vision depth", fontsize=7.5, labelpad=-4)
    axes.set_ylabel("language depth", fontsize=7.5, labelpad=-4)
    axes.tick_params(labelsize=6.5, pad=-2)
    axes.set(xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    axes.zaxis.set_major_locator(MaxNLocator(4))
    axes.set_title(title, fontsize=9, fontweight="bold", y=0.98)
