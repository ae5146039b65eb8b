"""Hubs of areas: inter-subject, vision and language in each, tested against one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from repalign.figures.boxes import draw_boxes, offsets, tops
from repalign.figures.numbers import Numbers
from repalign.figures.palette import HUB_COLORS, MEASURE_NAMES, MEASURES
from repalign.figures.panels import source_note
from repalign.figures.rows import Floats, mean_of_known
from repalign.figures.scatter import scientific, signed
from repalign.figures.style import INK, PIXEL, axes_at, headings, look, new_figure
from repalign.kernels.paired import PairedTest, bonferroni, paired_t
from repalign.kernels.pvalues import apa_star
from repalign.tables.hubs import HUB_NAMES, HUBS
from repalign.tables.prepared import joined_ids

WIDTH, HEIGHT = 1600, 880
TOP, BOTTOM = 130, 190


@dataclass(frozen=True)
class HubValues:
    """Numbers of the figure.

    Attributes
    ----------
    hubs : tuple of str
        Hubs of which some region is there.
    members : tuple of tuple of str
        Their areas that are there.
    value : dict of str to ndarray, shape (n_subjects, n_hubs)
        Mean over the regions of a hub, by measure.
    test : PairedTest
        Vision against language, of shape (n_hubs,).
    p_bonferroni : ndarray, shape (n_hubs,)
        Its p-values, corrected for the number of hubs.
    """

    subjects: tuple[int, ...]
    hubs: tuple[str, ...]
    members: tuple[tuple[str, ...], ...]
    value: Mapping[str, Floats]
    test: PairedTest
    p_bonferroni: Floats


def hub_columns(
    regions: pd.DataFrame, rois: Sequence[int], *, joined: bool, hemisphere: str = ""
) -> dict[str, list[int]]:
    """Return where the regions of each hub are among some ids.

    Parameters
    ----------
    regions : DataFrame
        As read by `repalign.tables.prepared.read_regions`.
    rois : sequence of int
        Region ids of a table.
    joined : bool
        Whether they join both hemispheres.
    hemisphere : {'', 'lh', 'rh'}
        Of regions that do not; both by default.

    Returns
    -------
    dict of str to list of int
        Positions in `rois` by hub; hubs without a region are left out.
    """
    frame = regions.assign(id=joined_ids(regions) if joined else regions["roi"])
    if hemisphere:
        frame = frame[frame["hemisphere"] == hemisphere]
    frame = frame.drop_duplicates("id")
    place = {roi: k for k, roi in enumerate(rois)}
    found = {
        hub: [
            place[int(roi)]
            for area in areas
            for roi in frame.loc[frame["name"] == area, "id"]
            if int(roi) in place
        ]
        for hub, areas in HUBS.items()
    }
    return {hub: columns for hub, columns in found.items() if columns}


def hub_values(
    values: Mapping[str, Floats],
    regions: pd.DataFrame,
    rois: Sequence[int],
    subjects: Sequence[int],
) -> HubValues:
    """Average over the regions of hubs and test vision against language.

    Parameters
    ----------
    values : mapping of str to ndarray, shape (n_subjects, n_rois)
        intersubject, vision and language.
    regions : DataFrame
        As read by `repalign.tables.prepared.read_regions`.
    rois, subjects : sequence of int
        Ids of the columns and rows; regions join hemispheres.

    Returns
    -------
    HubValues
        Of the hubs that are there.
    """
    columns = hub_columns(regions, rois, joined=True)
    names = regions.assign(id=joined_ids(regions)).drop_duplicates("id").set_index("id")["name"]
    hubs = tuple(columns)
    means = {
        measure: np.stack([mean_of_known(value[:, columns[hub]], axis=1) for hub in hubs], axis=1)
        if hubs
        else np.empty((len(subjects), 0))
        for measure, value in values.items()
    }
    test = paired_t(means["vision"], means["language"])
    members = tuple(tuple(names[rois[k]] for k in columns[hub]) for hub in hubs)
    return HubValues(
        tuple(subjects), hubs, members, means, test, bonferroni(np.atleast_1d(test.p))
    )


def numbers_of(hubs: HubValues) -> Numbers:
    """Return the numbers that are drawn."""
    numbers = Numbers()
    labels = [HUB_NAMES[hub] for hub in hubs.hubs]
    for measure, values in hubs.value.items():
        for subject, row in zip(hubs.subjects, values, strict=True):
            numbers.columns(MEASURE_NAMES[measure], labels, {f"subject {subject}": row})
    test = hubs.test
    numbers.columns(
        "vision - language",
        labels,
        {
            "mean_difference": test.difference,
            "half_width_95": test.half_width,
            "t": test.t,
            "df": test.df,
            "p": test.p,
            "p_bonferroni": hubs.p_bonferroni,
            "areas": [" ".join(areas) for areas in hubs.members],
        },
    )
    return numbers


def plot_hubs(hubs: HubValues, title: str, source: str | None) -> Figure:
    """Draw the figure.

    Parameters
    ----------
    hubs : HubValues
        What is shown.
    title : str
        Title.
    source : str or None
        Whether the data are real or simulated.

    Returns
    -------
    Figure
        Left: boxes by hub. Right: vision less language.
    """
    with look():
        figure = new_figure(WIDTH, HEIGHT)
        left = axes_at(figure, 110, TOP, 830, HEIGHT - TOP - BOTTOM)
        right = axes_at(figure, 1090, TOP, 480, HEIGHT - TOP - BOTTOM)
        _boxes(left, hubs)
        _differences(right, hubs)
        areas = " · ".join(
            f"{HUB_NAMES[hub]}: {', '.join(members)}"
            for hub, members in zip(hubs.hubs, hubs.members, strict=True)
        )
        headings(
            figure,
            title,
            f"Mean over the regions of a hub · n = {len(hubs.subjects)} subjects · stars: paired "
            f"t test over subjects, Bonferroni over {len(hubs.hubs)} hubs",
            f"{areas or 'No region of a hub is in these tables'}\n{source_note(source)}",
            HEIGHT - 88,
        )
    return figure


def _boxes(axes: Axes, hubs: HubValues) -> None:
    """Draw three boxes a hub, and the test between the models."""
    axes.axhline(0, color="0.8", linewidth=PIXEL, zorder=0)
    order = [measure for measure in MEASURES if np.isfinite(hubs.value[measure]).any()]
    for measure in order:
        places = [h + (list(MEASURES).index(measure) - 1) * 0.26 for h in range(len(hubs.hubs))]
        color = MEASURES[measure]
        draw_boxes(axes, places, hubs.value[measure], [color] * len(places), width=0.2, point=8)
    everything = np.concatenate([hubs.value[measure] for measure in MEASURES])
    known = everything[np.isfinite(everything)]
    span = (float(np.ptp(known)) if known.size else 1.0) or 1.0
    for k, top in enumerate(tops(everything)):
        stars = apa_star(hubs.p_bonferroni[k])
        if not stars or not np.isfinite(top):
            continue
        y = top + 0.05 * span
        axes.plot([k, k, k + 0.26, k + 0.26], [y, y + 0.015 * span, y + 0.015 * span, y],
                  color=INK, linewidth=0.6)  # fmt: skip
        axes.text(k + 0.13, y + 0.02 * span, stars.replace("*", "∗"), ha="center", va="bottom")
    axes.set_xlim(-0.6, max(len(hubs.hubs), 1) - 0.4)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.08 * span)
    axes.set_xticks(range(len(hubs.hubs)), [HUB_NAMES[hub] for hub in hubs.hubs], fontsize=9)
    axes.tick_params(axis="x", length=0, pad=6)
    axes.set_ylabel("similarity (Pearson r of RDMs)")
    axes.set_title("Each hub, every subject", loc="left", fontsize=9)
    handles = [
        axes.scatter([], [], marker="s", s=30, color=MEASURES[m], label=MEASURE_NAMES[m])
        for m in order
    ]
    axes.legend(
        handles=handles, frameon=False, loc="upper left", bbox_to_anchor=(0, -0.09), ncols=3,
        borderaxespad=0, borderpad=0, handletextpad=0.2, fontsize=8,
    )  # fmt: skip


def _differences(axes: Axes, hubs: HubValues) -> None:
    """Draw vision less language for every subject, with mean and confidence interval."""
    axes.axhline(0, color="0.6", linewidth=PIXEL, zorder=0)
    difference = hubs.value["vision"] - hubs.value["language"]
    for k, hub in enumerate(hubs.hubs):
        column = difference[:, k]
        column = column[~np.isnan(column)]
        axes.scatter(
            k + offsets(len(column)) * 0.5, column, s=14, color=HUB_COLORS[HUB_NAMES[hub]],
            edgecolors=INK, linewidths=0.3, zorder=2,
        )  # fmt: skip
        test = hubs.test
        half = test.half_width[k]
        axes.errorbar(
            k + 0.32, test.difference[k], yerr=None if np.isnan(half) else half, fmt="s",
            color=INK, markersize=3.5, elinewidth=1, zorder=3,
        )  # fmt: skip
    axes.set_xlim(-0.6, max(len(hubs.hubs), 1) - 0.4)
    labels = [f"{HUB_NAMES[hub]}\n{_test(hubs, k)}" for k, hub in enumerate(hubs.hubs)]
    axes.set_xticks(range(len(hubs.hubs)), labels, fontsize=7.5, linespacing=1.5)
    axes.tick_params(axis="x", length=0, pad=6)
    axes.set_ylabel("vision − language")
    axes.set_title("Difference, mean and 95 % interval", loc="left", fontsize=9)


def _test(hubs: HubValues, k: int) -> str:
    """Return the test of a hub as it is written below its differences."""
    t, df = float(hubs.test.t[k]), hubs.test.df[k]
    if np.isnan(t):
        return "not tested"
    return f"t({int(df)}) = {signed(t, 2)}\np = {_p(float(hubs.p_bonferroni[k]))}"


def _p(p: float) -> str:
    """Return a p-value as it is written."""
    return f"{p:.3f}" if p >= 0.001 else scientific(p)
