"""Colours that people with any colour vision can tell apart, and numbers as text."""

from __future__ import annotations

import math

BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
VERMILION, SKY = "#D55E00", "#56B4E9"
"""The set of Okabe and Ito (2008)."""
GREY = "#999999"
"""What has no colour of its own: the rest, and what comes before."""

MODALITY_COLORS = {"vision": VERMILION, "language": GREEN}
MEASURES = {"intersubject": BLUE, **MODALITY_COLORS}
"""What regions are measured by."""
MEASURE_NAMES = {
    "intersubject": "inter-subject",
    "vision": "vision models",
    "language": "language models",
}
HUB_COLORS = {"EVC": SKY, "Ventral": ORANGE, "LOTC": PURPLE}
"""Of hubs, by their short names in published tables."""
TREE_COLORS = ("0.15", "0.5", "0.72")
"""Edges of the first tree of a backbone, the second, the third."""

NULL = "0.55"
"""What permutations give."""
MISSING = "0.85"
"""What has no value."""
DEPTH_MAP = "viridis"
DIFFERENCE_MAP = "RdBu_r"


def number(value: float) -> str:
    """Return a number of a table beside a figure: six digits, empty where undefined."""
    return "" if math.isnan(value) else f"{value:.6g}"
