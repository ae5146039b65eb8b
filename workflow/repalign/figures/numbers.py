"""The numbers that a figure draws, as the table beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from repalign.kernels.power_law import PowerLaw

NAMES = {
    "nsd": "NSD", "things": "THINGS", "bold5000": "BOLD5000", "laion": "LAION-fMRI",
    "mouse": "mouse V1",
}  # fmt: skip
"""How datasets are written."""


class Numbers:
    """Rows of a figure's table: what is drawn where, and its value."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], dict[str, float | str]] = {}

    def add(self, panel: str, item: str, quantity: str, value: float | str) -> None:
        """Add one value.

        Raises
        ------
        ValueError
            If it is there already.
        """
        row = self.rows.setdefault((panel, item), {})
        if quantity in row:
            raise ValueError(f"{quantity} of {item} in {panel} twice")
        row[quantity] = value

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

    def frame(self) -> pd.DataFrame:
        """Return the table: a row for what is drawn in a panel, a column for each quantity.

        Cells without a value are NaN, or empty in columns of texts.
        """
        frame = pd.DataFrame(
            [{"panel": panel, "item": item, **found} for (panel, item), found in self.rows.items()]
        )
        texts = {
            quantity
            for found in self.rows.values()
            for quantity, value in found.items()
            if isinstance(value, str)
        }
        return frame.fillna(dict.fromkeys(texts, ""))

    def value(self, panel: str, item: str, quantity: str) -> float | str:
        """Return one value."""
        return self.rows[panel, item][quantity]


def dataset_of(table: str | Path) -> str:
    """Return the name of a table's dataset as it is written: that of its folder."""
    name = Path(table).resolve().parent.name
    return NAMES.get(name, name)
