"""How well tokens of captions describe regions, beside language models and other subjects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from repalign.errors import RepalignError
from repalign.figures.kmcca import read_columns
from repalign.figures.marks import table_note
from repalign.figures.model_scores import model_scores
from repalign.figures.pair_cubes import read_pair_cube
from repalign.figures.palette import BLUE
from repalign.figures.rows import Floats, mean_of_known
from repalign.figures.style import INK, PIXEL, QUIET, axes_at, headings, look, new_figure
from repalign.kernels.depth import signed_peak
from repalign.tables.prepared import region_labels

COLUMNS = ("subject", "roi", "tokenizer", "jaccard_score", "correlation_score",
           "correlation_freq_score")  # fmt: skip
SCORES = {
    "jaccard_score": "Jaccard distance",
    "correlation_score": "1 − r, tokens present",
    "correlation_freq_score": "1 − r, token counts",
}
FIRST, PEAK, BRAIN = "language, first layer", "language, best layer", "inter-subject"
TOKENS = "tokenizers"
WIDTH = 1600


@dataclass(frozen=True)
class TokenSummary:
    """Means over subjects for each region.

    Attributes
    ----------
    regions : tuple of str
        Names, shape (n_rois,).
    measures : dict of str to ndarray, shape (n_rois,)
        `TOKENS` (mean over tokenizers), `FIRST`, `PEAK`, `BRAIN` and each tokenizer by itself.
    tokenizers : tuple of str
        Their names, in the order of the table.
    score : str
        Column that tokenizers are compared by.
    """

    regions: tuple[str, ...]
    measures: dict[str, Floats]
    tokenizers: tuple[str, ...]
    score: str

    def numbers(self) -> pd.DataFrame:
        """Return one row a region and measure, then one a cell of the matrix of measures."""
        frame = pd.DataFrame({"region": self.regions, **self.measures})
        regions = frame.melt(id_vars="region", var_name="measure", value_name="value")
        names, r = self.correlations()
        cells = pd.DataFrame(
            {"measure": np.repeat(names, len(names)), "other": np.tile(names, len(names)),
             "value": r.ravel()}
        )  # fmt: skip
        both = [regions.assign(panel="similarity"), cells.assign(panel="correlation")]
        columns = ["panel", "region", "measure", "other", "value"]
        return pd.concat(both, ignore_index=True)[columns]

    def correlations(self) -> tuple[list[str], Floats]:
        """Return names and correlations over regions of all measures, ordered by clustering."""
        names = [*self.tokenizers, FIRST, PEAK, BRAIN]
        return clustered(names, np.array([self.measures[name] for name in names]))


def clustered(names: Sequence[str], rows: Floats) -> tuple[list[str], Floats]:
    """Correlate rows with each other and order them by average linkage of 1 − r.

    Parameters
    ----------
    names : sequence of str
        One a row.
    rows : ndarray, shape (n_rows, n_columns)
        Columns with a NaN in any row are left out.

    Returns
    -------
    names : list of str
        In the order of the leaves; the first one is the one nearer to the first name given.
    r : ndarray, shape (n_rows, n_rows)
        Pearson correlations in that order; NaN where a row does not vary.
    """
    known = rows[:, ~np.isnan(rows).any(axis=0)]
    centred = known - known.mean(axis=1, keepdims=True) if known.size else known
    norm = np.linalg.norm(centred, axis=1)
    r = np.full((len(names), len(names)), np.nan)
    varies = np.flatnonzero(norm > 0)
    unit = centred[varies] / norm[varies, None]
    r[np.ix_(varies, varies)] = np.clip(unit @ unit.T, -1, 1)
    distance = 1 - np.nan_to_num(r, nan=0.0)
    np.fill_diagonal(distance, 0)
    order = [0]
    if len(names) > 1:
        tree = linkage(squareform(distance, checks=False), "average")
        order = [int(k) for k in leaves_list(tree)]
    if order.index(0) > len(order) // 2:
        order = order[::-1]
    return [names[k] for k in order], r[np.ix_(order, order)]


def token_summary(
    table: str | Path,
    subject_subject: str | Path,
    subject_model: str | Path,
    regions: pd.DataFrame,
    subjects: Sequence[int],
    language_models: Sequence[str],
    *,
    joined: bool,
    score: str = "jaccard_score",
) -> TokenSummary:
    """Average tokenizers, language models and other subjects for each region.

    Parameters
    ----------
    table, subject_subject, subject_model : str or Path
        Tables of tokenizers, of inter-subject RSA with shift 1, and of models.
    regions : DataFrame
        As read by `repalign.tables.prepared.read_regions`.
    subjects : sequence of int
        Subjects of the inter-subject table.
    language_models : sequence of str
        Models that take part.
    joined : bool
        Whether regions join both hemispheres.
    score : str
        One of `SCORES`.

    Returns
    -------
    TokenSummary
        `FIRST`: layer 0 of each model. `PEAK`: its signed score of the largest absolute value over
        layers, found in each session. Both are means over sessions, subjects and models.
    """
    frame = read_columns(table, COLUMNS)
    names = [str(name) for name in dict.fromkeys(frame["tokenizer"])]
    labels = region_labels(regions, joined=joined)["name"]
    rois = [int(roi) for roi in labels.index]
    means = frame.assign(value=frame[score].astype(np.float64)).pivot_table(
        index="tokenizer",
        columns="roi",
        values="value",
        aggfunc="mean",
        observed=True,
        dropna=False,
    )
    means = means.reindex(columns=rois)
    by_name: dict[str, Floats] = {name: means.loc[name].to_numpy() for name in names}
    first, peak = _language(subject_model, rois, set(language_models), joined=joined)
    brain = read_pair_cube(subject_subject, rois, subjects, shift=1, joined=joined).region_means()
    measures = {
        TOKENS: mean_of_known(np.array(list(by_name.values()))),
        FIRST: first,
        PEAK: peak,
        BRAIN: brain,
        **by_name,
    }
    return TokenSummary(tuple(labels), measures, tuple(names), score)


def _language(
    table: str | Path, rois: Sequence[int], models: set[str], *, joined: bool
) -> tuple[Floats, Floats]:
    """Return the mean score of first layers, and that of best layers."""
    firsts, peaks = [], []
    for scores in model_scores(table, rois, joined=joined):
        if scores.model in models:
            layers = scores.values  # noqa: PD011
            firsts.append(mean_of_known(layers[0]))
            peaks.append(mean_of_known(signed_peak(layers)[1]))
    if not firsts:
        raise RepalignError(
            "no language model",
            where=table,
            expected=f"one of {', '.join(sorted(models)) or 'the models that read captions'}",
            remedy="Add features of a language model to the dataset.",
        )
    return mean_of_known(np.array(firsts)), mean_of_known(np.array(peaks))


def plot_tokenizers(
    summary: TokenSummary, table: str | Path, *, source: str | None = None
) -> Figure:
    """Draw three scatters over regions above the map of correlations.

    Parameters
    ----------
    summary : TokenSummary
        What to draw.
    table : str or Path
        File of tokenizers.
    source : str, optional
        Whether the data are real or simulated.
    """
    names, r = summary.correlations()
    side = max(330, 44 * len(names))
    below = 150 + 400 + 140
    with look():
        figure = new_figure(WIDTH, below + side + 270)
        for k, (x, y) in enumerate(((FIRST, PEAK), (TOKENS, FIRST), (TOKENS, PEAK))):
            axes = axes_at(figure, 110 + 510 * k, 150, 400, 400)
            _scatter(axes, summary, x, y)
        _map(axes_at(figure, 420, below, side, side), figure, names, r)
        headings(
            figure,
            "Tokens of captions, language models and other subjects",
            f"Every point is a region. Tokenizers: RDM of captions by {SCORES[summary.score]}, "
            "mean over tokenizers and subjects",
            table_note(
                table,
                source,
                f"{len(summary.regions)} regions",
                f"{len(summary.tokenizers)} tokenizers",
            ),
            below + side + 220,
        )
    return figure


def _scatter(axes: Axes, summary: TokenSummary, x: str, y: str) -> None:
    """Draw one measure against another, with their correlation."""
    a, b = summary.measures[x], summary.measures[y]
    known = ~(np.isnan(a) | np.isnan(b))
    axes.axline((0, 0), slope=1, color=QUIET, linewidth=PIXEL, zorder=0)
    axes.scatter(a[known], b[known], s=16, color=BLUE, edgecolors="white", linewidths=0.3)
    _, r = clustered([x, y], np.array([a, b]))
    axes.set_title(f"r = {r[0, 1]:.3f}", loc="left", fontsize=9)
    axes.set(xlabel=f"{x} (RDM similarity)", ylabel=f"{y} (RDM similarity)")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5))


def _map(axes: Axes, figure: Figure, names: Sequence[str], r: Floats) -> None:
    """Draw the correlations over regions of all measures, clustered."""
    image = axes.imshow(r, cmap="RdBu_r", vmin=-1, vmax=1, interpolation="none")
    axes.patch.set(facecolor="0.88", edgecolor="0.6", hatch="//////")
    axes.spines[:].set(visible=True, linewidth=PIXEL)
    for (i, j), value in np.ndenumerate(r):
        if not np.isnan(value):
            color = "white" if abs(value) > 0.6 else INK
            axes.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=6.5, color=color)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", fontsize=7.5)
    axes.set_yticks(range(len(names)), names, fontsize=7.5)
    axes.tick_params(length=0)
    axes.set_title("Correlation over regions, ordered by average linkage", loc="left", fontsize=9)
    bar = figure.colorbar(image, ax=axes, fraction=0.046, pad=0.03, ticks=[-1, -0.5, 0, 0.5, 1])
    bar.set_label("Pearson r over regions", fontsize=8)
    bar.ax.tick_params(labelsize=7.5)
