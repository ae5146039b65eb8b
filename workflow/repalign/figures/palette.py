"""Colours of what figures of alignment compare: told apart by people of any colour vision."""

from __future__ import annotations

BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
VERMILION, SKY = "#D55E00", "#56B4E9"
"""The set of Okabe and Ito (2008)."""

MEASURES = {"intersubject": BLUE, "vision": VERMILION, "language": GREEN}
MEASURE_NAMES = {
    "intersubject": "inter-subject",
    "vision": "vision models",
    "language": "language models",
}
HUB_COLORS = {"visual_cortex": SKY, "ventral_hub": ORANGE, "dorsal_hub": PURPLE}

NULL = "0.55"
"""What permutations give."""
