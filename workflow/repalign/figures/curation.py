"""The curated set at a glance: what became of the trials, and how many of each class are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from repalign.figures.style import INK, QUIET, axes_at, headings, look, new_figure

Report = Mapping[str, Any]

FATES = {
    "n_keep": ("kept", "#1f5f8b"),
    "equalised": ("left out for equal numbers", "#9ec5de"),
    "unknown_label": ("no label", "#e0a03c"),
    "not_acquired": ("not recorded", "0.75"),
}
"""Parts of a bar, from the left; trials beyond the limit are not drawn."""

MAX_CLASSES = 24
"""Rows of the right half; the remaining classes are added up in the note."""
_ROW = 44
"""Height of a row in pixels."""


def plot_curation(report: Report, classes: Sequence[str], *, source: str | None) -> Figure:
    """Draw what is kept of every subject.

    Parameters
    ----------
    report : mapping
        As `curation_report` returns it.
    classes : sequence of str
        Classes, the most frequent first.
    source : str or None
        What the recordings are; simulated ones are named so.

    Returns
    -------
    Figure
        Left: the fate of the trials of every subject. Right: kept trials of each class (one
        short line a subject), on a logarithmic axis.
    """
    subjects: Mapping[str, Report] = report["subjects"]
    shown = list(classes[:MAX_CLASSES])
    inner = _ROW * max(len(shown), len(subjects), 4)
    with look():
        figure = new_figure(1800, inner + 330)
        left = axes_at(figure, 110, 150, 660, inner)
        right = axes_at(figure, 990, 150, 740, inner)
        _draw_fates(left, subjects, report["max_trials"])
        _draw_classes(right, subjects, shown)
        number = report["n_keep"]
        equal = f"{number:,} trials of every subject" if number else "unequal numbers"
        title = "Curated decoding set" + (" (simulated)" if source == "simulated" else "")
        headings(
            figure,
            title,
            f"{equal}; {report['mask']['voxels']:,} grey-matter voxels; labels: "
            f"{report['parameters']['label_level']}, {report['parameters']['label_rule']}",
            _note(report, classes),
            inner + 250,
        )
    return figure


def _draw_fates(axes: Axes, subjects: Mapping[str, Report], limit: int) -> None:
    """Draw a bar a subject, whose parts add up to the limit."""
    rows = np.arange(len(subjects))
    edge = np.zeros(len(subjects))
    for key, (name, colour) in FATES.items():
        widths = np.array([own[key] for own in subjects.values()], float)
        axes.barh(rows, widths, left=edge, height=0.7, color=colour, label=name, linewidth=0)
        edge += widths
    axes.set_yticks(rows, [f"sub-{subject}" for subject in subjects])
    axes.set_ylim(len(subjects) - 0.5, -0.5)
    axes.set_xlim(0, limit)
    axes.set_xlabel("trials")
    axes.tick_params(axis="y", length=0)
    handles, names = axes.get_legend_handles_labels()
    used = [k for k, key in enumerate(FATES) if any(own[key] for own in subjects.values())]
    axes.legend([handles[k] for k in used], [names[k] for k in used], loc="lower left",
                bbox_to_anchor=(-0.02, 1.0), ncols=2, frameon=False, fontsize=7)  # fmt: skip


def _draw_classes(axes: Axes, subjects: Mapping[str, Report], shown: Sequence[str]) -> None:
    """Draw the number of trials of each class, a short line for every subject."""
    for row, name in enumerate(shown):
        counts = [own["classes"].get(name, 0) for own in subjects.values()]
        seen = [count for count in counts if count]
        axes.plot([min(seen), max(seen)], [row, row], color=QUIET, linewidth=0.6, zorder=1)
        axes.plot(seen, [row] * len(seen), "|", color=INK, markersize=7, markeredgewidth=1.1)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_yticks(range(len(shown)), shown)
    axes.set_ylim(max(len(shown), 1) - 0.5, -0.5)
    axes.set_xlabel("kept trials of a class, one line a subject")
    axes.tick_params(axis="y", length=0)


def _note(report: Report, classes: Sequence[str]) -> str:
    """Say what the figure leaves out, and what must not be overlooked."""
    lines = []
    if len(classes) > MAX_CLASSES:
        rest = sum(own["classes"].get(name, 0) for own in report["subjects"].values()
                   for name in classes[MAX_CLASSES:])  # fmt: skip
        lines.append(f"{len(classes) - MAX_CLASSES} rarer classes ({rest:,} trials) not shown.")
    if report["parameters"]["equalise_by"] == "class":
        lines.append("Equal numbers are over subjects; classes stay unequal.")
    if report["warnings"]:
        lines.append("WARNING: labels are of unrelated pictures (id_lookup: list_position).")
    return "\n".join(lines)
