"""Colours that people with any kind of colour vision tell apart, by Okabe and Ito (2008)."""

from __future__ import annotations

BLACK = "#000000"
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREEN = "#009E73"
YELLOW = "#F0E442"
BLUE = "#0072B2"
VERMILION = "#D55E00"
PURPLE = "#CC79A7"
GREY = "#999999"

SERIES = (BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE, BLACK, YELLOW)
"""Colours of series in order."""

HUBS = {"visual_cortex": BLUE, "ventral_hub": GREEN, "dorsal_hub": ORANGE}
"""Colours of the hubs."""
