"""Sections of the report, in the order of reading; the report itself sorts them by name."""

from __future__ import annotations

SECTIONS = {
    "datasets": "1 Datasets and data quality",
    "subjects": "2 Across subjects",
    "models": "3 Brains and models",
    "components": "4 Shared components",
    "others": "5 Other datasets",
    "assemblies": "6 Assemblies for Brain-Score",
}
"""Titles of the sections by their short names."""
