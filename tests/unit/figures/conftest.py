from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from repalign.tables.parquet import write_table
from repalign.tables.rsa_table import join_pairs, pair_table

AREAS = [
    ("V1", "Primary Visual", "#1f77b4", 0),
    ("MST", "MT+ Visual Areas", "#2ca02c", 24),
    ("V6", "Dorsal Visual", "#ff9896", 7),
    ("V2", "Early Visual (V2-4)", "#aec7e8", 1),
    ("4", "Somatomotor", "#9467bd", 26),
    ("MT", "MT+ Visual Areas", "#2ca02c", 25),
]


@pytest.fixture
def regions() -> pd.DataFrame:
    """Six areas in two hemispheres, in ascending order of roi."""
    rows = [
        {
            "roi": k + 1 + (180 if hemisphere == "rh" else 0),
            "name": name,
            "hemisphere": hemisphere,
            "area": area,
            "roi_order": str(order),
            "area_color": color,
        }
        for hemisphere in ("lh", "rh")
        for k, (name, area, color, order) in enumerate(AREAS)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def make_table(tmp_path: Path) -> Callable[..., Path]:
    """Write a table of random similarities, with regions undefined where asked."""

    def make(rois, subjects, *, joined=True, shift=1, undefined=(), level=0.0) -> Path:
        rng = np.random.default_rng(7)
        parts = []
        for i, j in product(subjects, subjects):
            similarity = level + rng.normal(0, 0.1, (len(rois), len(rois)))
            for subject, roi in undefined:
                similarity[rois.index(roi), :] = (
                    np.nan if i == subject else similarity[rois.index(roi), :]
                )
                similarity[:, rois.index(roi)] = (
                    np.nan if j == subject else similarity[:, rois.index(roi)]
                )
            part = tmp_path / "parts" / f"{i}_{j}.parquet"
            table = pair_table(
                similarity, rois, subject_i=i, subject_j=j, joined=joined, shift=shift
            )
            write_table(part, table, {})
            parts.append(part)
        path = tmp_path / "nsd" / "table.parquet"
        join_pairs(
            parts, path, subjects=subjects, rois=rois, joined=joined, shift=shift, record={}
        )
        return path

    return make
