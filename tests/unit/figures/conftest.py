from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from repalign.tables.alignment_tables import RSA_SUBJECT_MODEL
from repalign.tables.columns import table_of
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


@pytest.fixture
def make_models(tmp_path: Path) -> Callable[..., tuple[Path, dict[str, int]]]:
    """Write a table of random similarities with models, two or three sessions a subject."""

    def make(rois, subjects, *, joined=True, first=0, seed=5) -> tuple[Path, dict[str, int]]:
        models = {"llm-a_pool-avg": 5, "vit-a_pool-cls": 4, "vit-b_pool-cls": 7}
        rng, parts = np.random.default_rng(seed), []
        for model, n_layers in models.items():
            for s, subject in enumerate(subjects):
                sessions = range(1, 3 + s % 2)
                keys = list(product(range(first, first + n_layers), sessions, rois))
                layer, session, roi = (np.array(column) for column in zip(*keys, strict=True))
                depth = (layer - first) / (n_layers - 1)
                signal = np.exp(-(((depth - 0.3 - 0.02 * (roi % 20)) / 0.3) ** 2)) * 0.2
                columns = {
                    "roi": roi,
                    "layer": layer,
                    "session": session,
                    "similarity": signal + rng.normal(0, 0.02, len(keys)),
                    "subject": np.full(len(keys), subject),
                    "model": model,
                    "join_hemispheres": joined,
                }
                parts.append(table_of(RSA_SUBJECT_MODEL, columns))
        path = tmp_path / "nsd" / "models.parquet"
        write_table(path, pa.concat_tables(parts).unify_dictionaries(), {})
        return path, models

    return make
