"""The numbers that a figure draws, in one long table beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.figure import Figure

from repalign.figures.style import DPI, look, save_png
from repalign.kernels.power_law import PowerLaw
from repalign.tables.atomic import atomic_file
from repalign.tables.provenance import KEY, write_sidecar

HEADER = ("panel", "item", "quantity", "value")

NAMES = {
    "nsd": "NSD", "things": "THINGS", "bold5000": "BOLD5000", "laion": "LAION-fMRI",
    "mouse": "mouse V1",
}  # fmt: skip
"""How datasets are written."""

SVG_LOOK = {"svg.hashsalt": KEY, "svg.fonttype": "none", "svg.image_inline": True}
"""Equal figures give equal bytes, and text stays text."""


class Numbers:
    """Rows of a figure's table: what is drawn where, and its value."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str, str]] = []

    def add(self, panel: str, item: str, quantity: str, value: float | str) -> None:
        """Add one value: a text, or a number with nine digits."""
        text = value if isinstance(value, str) else f"{value:.9g}"
        self.rows.append((panel, item, quantity, text))

    def columns(
        self, panel: str, items: Sequence[str], columns: Mapping[str, Sequence[Any] | Any]
    ) -> None:
        """Add several quantities of several items; arrays of shape (n_items,)."""
        for k, item in enumerate(items):
            for quantity, values in columns.items():
                value = values[k]
                self.add(panel, item, quantity, value if isinstance(value, str) else float(value))

    def law(self, panel: str, law: PowerLaw, samples: tuple[Any, Any] | None = None) -> None:
        """Add a power law, with the spread of its bootstrap where there is one."""
        for quantity in ("a", "b", "shift", "r_squared", "n"):
            self.add(panel, "power law", quantity, float(getattr(law, quantity)))
        for name, values in zip(("a", "b"), samples or (), strict=False):
            known = values[np.isfinite(values)]
            low, high = np.quantile(known, [0.025, 0.975]) if len(known) else (np.nan, np.nan)
            self.add(panel, "power law", f"{name}_low_95", float(low))
            self.add(panel, "power law", f"{name}_high_95", float(high))
        if samples:
            self.add(panel, "power law", "bootstrap_fits", float(np.isfinite(samples[0]).sum()))

    def text(self) -> str:
        """Return the table, tab-separated, with a header."""
        return "".join("\t".join(row) + "\n" for row in (HEADER, *self.rows))

    def value(self, panel: str, item: str, quantity: str) -> str:
        """Return the text of one value."""
        return next(v for p, i, q, v in self.rows if (p, i, q) == (panel, item, quantity))


def save_figure(
    figure: Figure,
    numbers: Numbers,
    record: Mapping[str, Any],
    *,
    png: str | Path,
    svg: str | Path,
    table: str | Path,
) -> None:
    """Write a figure in both formats, with its numbers; equal figures give equal bytes.

    Parameters
    ----------
    figure : Figure
        The figure; it is emptied.
    numbers : Numbers
        What it draws.
    record : mapping
        Provenance: inside the PNG file, beside the others.
    png, svg, table : str or Path
        The files to make.
    """
    write_text(table, numbers.text(), record)
    metadata = {"Date": None, "Creator": None}
    with look(), matplotlib.style.context([SVG_LOOK]), atomic_file(svg) as temporary:
        figure.savefig(temporary, format="svg", dpi=DPI, metadata=metadata)
    write_sidecar(svg, record)
    # Last, because it says that all of them are there.
    save_png(figure, png, record)


def write_text(path: str | Path, text: str, record: Mapping[str, Any]) -> None:
    """Write a text with its provenance beside it."""
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    write_sidecar(path, record)


def dataset_of(table: str | Path) -> str:
    """Return the name of a table's dataset as it is written: that of its folder."""
    name = Path(table).resolve().parent.name
    return NAMES.get(name, name)
