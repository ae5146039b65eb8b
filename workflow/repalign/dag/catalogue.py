"""The catalogue of derivatives: one row a published file, with the choices that make it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from repalign.errors import RepalignError

COLUMNS = ("path", "dataset", "analysis", "parameters", "description")

ANALYSES: dict[str, dict[str, tuple[str, ...]]] = {
    "region_table": {},
    "image_index": {},
    "stimulus_info": {},
    "stimulus_index": {},
    "mask_index": {},
    "rsa_subject_subject": {
        "shift": ("0", "1", "2"),
        "hemispheres": ("joined", "separated"),
        "comparison": ("pearson", "spearman"),
    },
}
"""Each analysis with its parameters and their allowed values."""


@dataclass(frozen=True)
class Derivative:
    """One published file.

    Attributes
    ----------
    path : str
        Path below `results/`, exactly as published.
    dataset : str
        Dataset that it is made from, or `any`.
    analysis : str
        A key of `ANALYSES`.
    parameters : dict of str to str
        The choices of the analysis.
    description : str
        One sentence for people.
    """

    path: str
    dataset: str
    analysis: str
    parameters: dict[str, str]
    description: str

    @property
    def target(self) -> str:
        """Return the path to ask Snakemake for."""
        return f"results/{self.path}"

    @property
    def name(self) -> str:
        """Return the file name without folder and suffix."""
        return Path(self.path).stem


def read_catalogue(path: str | Path) -> list[Derivative]:
    """Read and check the catalogue.

    Parameters
    ----------
    path : str or Path
        Tab-separated table with the columns of `COLUMNS`.

    Returns
    -------
    list of Derivative
        In the order of the file.

    Raises
    ------
    RepalignError
        Naming the row, if a column, an analysis or a parameter is unknown or missing, or a
        path appears twice.
    """
    path = Path(path)
    with path.open(newline="", encoding="utf-8") as file:
        table = csv.DictReader(file, delimiter="\t")
        if tuple(table.fieldnames or ()) != COLUMNS:
            raise RepalignError(
                f"columns {table.fieldnames}",
                where=path,
                expected=f"columns {list(COLUMNS)}",
                remedy="Restore the header line; columns are separated by tabs.",
            )
        rows = [_derivative(row, f"{path}, row {k}") for k, row in enumerate(table, start=2)]
    seen: set[str] = set()
    for row in rows:
        if row.path in seen:
            raise RepalignError(
                f"{row.path} twice",
                where=path,
                expected="each path once",
                remedy="Remove one of the two rows.",
            )
        seen.add(row.path)
    return rows


def select(catalogue: Sequence[Derivative], dataset: str, analysis: str) -> list[Derivative]:
    """Return the derivatives of one dataset and analysis."""
    return [row for row in catalogue if (row.dataset, row.analysis) == (dataset, analysis)]


def _derivative(row: dict[str, str], where: str) -> Derivative:
    """Check one row and take its parameters apart."""
    analysis = row["analysis"]
    if analysis not in ANALYSES:
        raise RepalignError(
            f"analysis {analysis!r}",
            where=where,
            expected=f"one of {', '.join(ANALYSES)}",
            remedy="Correct the column `analysis`.",
        )
    pairs = [item.partition("=") for item in row["parameters"].split(";") if item]
    parameters = {key: value for key, _, value in pairs}
    allowed = ANALYSES[analysis]
    if set(parameters) != set(allowed):
        raise RepalignError(
            f"parameters {sorted(parameters)}",
            where=where,
            expected=f"parameters {sorted(allowed)} for {analysis}",
            remedy="Correct the column `parameters` (name=value;name=value).",
        )
    for key, value in parameters.items():
        if value not in allowed[key]:
            raise RepalignError(
                f"{key}={value}",
                where=where,
                expected=f"{key} one of {', '.join(allowed[key])}",
                remedy="Correct the column `parameters`.",
            )
    return Derivative(row["path"], row["dataset"], analysis, parameters, row["description"])
