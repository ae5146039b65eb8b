"""A figure as three files: PNG and SVG, and a table of the numbers that are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib
import pandas as pd
from matplotlib.figure import Figure

from repalign.figures.palette import number
from repalign.figures.style import look, save_png
from repalign.tables.atomic import atomic_file
from repalign.tables.provenance import write_sidecar

RASTER_DPI = 300
"""Dots per inch of the parts of an SVG that are pictures."""


def save_figure(
    figure: Figure,
    numbers: pd.DataFrame,
    *,
    png: str | Path,
    svg: str | Path,
    tsv: str | Path,
    record: Mapping[str, Any],
) -> None:
    """Write a figure and its numbers; equal ones give equal bytes.

    Parameters
    ----------
    figure : Figure
        The figure; it is emptied.
    numbers : DataFrame
        What is drawn, a row a value.
    png, svg, tsv : str or Path
        The files to make, the PNG last.
    record : mapping
        Provenance: inside the PNG file, beside the others.
    """
    save_numbers(numbers, tsv)
    write_sidecar(tsv, record)
    save_svg(figure, svg)
    write_sidecar(svg, record)
    # Last, because it says that all of them are there.
    save_png(figure, png, record)


def save_svg(figure: Figure, path: str | Path) -> None:
    """Write a figure as SVG without a date.

    Letters are outlines, so that it looks the same with whatever fonts a machine has.

    Parameters
    ----------
    figure : Figure
        The figure, which stays as it is.
    path : str or Path
        The file to make.
    """
    metadata = {"Date": None, "Creator": None}
    fixed: Any = {"svg.hashsalt": "repalign", "svg.fonttype": "path"}
    with look(), matplotlib.rc_context(fixed), atomic_file(path) as temporary:
        figure.savefig(temporary, format="svg", dpi=RASTER_DPI, metadata=metadata)


def save_numbers(numbers: pd.DataFrame, path: str | Path) -> None:
    """Write the numbers of a figure, tab-separated, floats with six digits.

    Parameters
    ----------
    numbers : DataFrame
        A row a value.
    path : str or Path
        The file to make.
    """
    text = numbers.copy()
    for name in text.columns[[kind.kind == "f" for kind in text.dtypes]]:
        text[name] = [number(float(value)) for value in text[name]]
    with atomic_file(path) as temporary:
        text.to_csv(temporary, sep="\t", index=False, lineterminator="\n")


def save_text(text: str, path: str | Path, record: Mapping[str, Any]) -> None:
    """Write a text that comes with a figure, with its provenance beside it."""
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    write_sidecar(path, record)
