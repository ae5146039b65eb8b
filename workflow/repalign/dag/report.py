"""The report: its sections, the figures that there are for it, and what its first page says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from repalign.dag.brain_figures import brain_figure_names
from repalign.dag.build import figures
from repalign.dag.catalogue import Derivative
from repalign.dag.recorded import RecordedPlan
from repalign.dag.steps import Workflow
from repalign.errors import RepalignError
from repalign.tables import paths

STYLE = "workflow/report/style.css"
SECTIONS = {
    "datasets": "01 Datasets and data quality",
    "subjects": "02 Across subjects",
    "models": "03 Brains and models",
    "hierarchy": "04 Hierarchy",
    "connectivity": "05 Connectivity",
    "networks": "06 Networks",
    "maps": "07 Cortical maps",
    "hemispheres": "08 Hemispheres",
    "noise": "09 Reliability and noise",
    "statistics": "10 Statistics compared",
    "components": "11 Shared components",
    "others": "12 Other datasets",
    "assemblies": "13 Assemblies for Brain-Score",
    "curated": "14 Curated decoding set",
}
"""Titles of the sections by their short names; the report sorts them, so they are numbered."""


def report_files(workflow: Workflow, catalogue: Sequence[Derivative]) -> list[str]:
    """Return the figures that there are.

    Parameters
    ----------
    workflow : Workflow
        What makes them.
    catalogue : sequence of Derivative
        Tables that figures may be of.

    Returns
    -------
    list of str
        In their order.

    Raises
    ------
    RepalignError
        If there is none.
    """
    datasets = dict.fromkeys(row.dataset for row in catalogue)
    wanted = [
        *figures(catalogue),
        *(path for dataset in datasets for path in brain_figure_names(dataset)),
        paths.CURATION_FIGURE.format(dataset="nsd"),
    ]
    found = [
        path
        for path in wanted
        if workflow.producer(path) is not None and (workflow.root / path).is_file()
    ]
    if not found:
        raise RepalignError(
            "no figure",
            where=workflow.root / "results",
            expected="at least one figure for the report",
            remedy="Make some, for example with `snakemake --cores 8 figures`.",
        )
    return found


def report_command(program: Sequence[str], output: Path, files: Sequence[str]) -> list[str]:
    """Return the command that writes the report of some files."""
    return [*program, "--report", str(output), "--report-stylesheet", STYLE, "--", *files]


def dataset_rows(plans: Iterable[RecordedPlan]) -> list[dict[str, Any]]:
    """Return what the first page says of each dataset, in their order.

    Parameters
    ----------
    plans : iterable of RecordedPlan
        What the run covers of each.

    Returns
    -------
    list of dict
        `title`, `raw` (folder), `source` (`not there` without one), `subjects`, `sessions`.
    """
    rows = []
    for plan in plans:
        row = {"title": plan.title, "raw": plan.own.raw, "source": "not there"}
        if plan.raw_folder.exists and plan.has_recordings():
            sessions = plan.sessions
            row["source"] = plan.source
            row["subjects"] = ", ".join(str(subject) for subject in sessions)
            row["sessions"] = ", ".join(str(count) for count in sessions.values())
        rows.append(row)
    return rows
