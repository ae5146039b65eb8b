"""Colours that people with any colour vision can tell apart, and numbers as text."""

from __future__ import annotations

import math

MODALITY_COLORS = {"vision": "#0072B2", "language": "#D55E00"}
"""Of Okabe & Ito (2008), as the next ones."""
HUB_COLORS = {"EVC": "#0072B2", "Ventral": "#009E73", "LOTC": "#CC79A7"}
"""Of hubs, by their short names in published tables."""
TREE_COLORS = ("0.15", "0.5", "0.72")
"""Edges of the first tree of a backbone, the second, the third."""

DEPTH_MAP = "viridis"
SIMILARITY_MAP = "magma"
DIFFERENCE_MAP = "RdBu_r"
MISSING = "0.85"
"""What has no value."""


def number(value: float) -> str:
    """Return a number of a table beside a figure: six digits, empty where undefined."""
    return "" if math.isnan(value) else f"{value:.6g}"
