"""Small published tables of every kind that figures of alignment are drawn from."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from repalign.tables.alignment_tables import CKA_SUBJECT_SUBJECT, RSA_PVALUES, RSA_SUBJECT_MODEL
from repalign.tables.columns import table_of
from repalign.tables.parquet import parquet_writer
from repalign.tables.rsa_table import RSA_SUBJECT_SUBJECT, pair_table

SUBJECTS = [1, 2, 3, 5]
VISION, LANGUAGE = ["vit_a", "vit_b"], ["llm"]
N_LAYERS, SESSIONS = 3, [1, 2]


def rois_of(regions: pd.DataFrame, *, joined: bool) -> list[int]:
    """Region ids of a table."""
    return [roi for roi in sorted(regions["roi"].tolist()) if not joined or roi <= 180]


def pair_values(n_rois: int, shift: int, seed: int = 0) -> np.ndarray:
    """Similarities (subjects, subjects, rois, rois); shift 2 mirrors shift 1."""
    rng = np.random.default_rng(seed + min(shift, 1))
    n = len(SUBJECTS)
    value = rng.normal(0, 0.02, (n, n, n_rois, n_rois))
    level = np.linspace(0.4, 0.02, n_rois)
    value += np.eye(n_rois) * level
    if shift == 0:
        value = (value + value.transpose(1, 0, 3, 2)) / 2
        value[np.arange(n), np.arange(n)] = np.eye(n_rois)
    if shift == 2:
        value = value.transpose(1, 0, 3, 2)
    return value.astype(np.float32)


def write_pairs(
    path: Path, value: np.ndarray, rois: list[int], *, joined: bool, shift: int
) -> Path:
    """Write a table of inter-subject RSA."""
    with parquet_writer(path, RSA_SUBJECT_SUBJECT, {}) as writer:
        for (i, one), (j, other) in product(enumerate(SUBJECTS), repeat=2):
            writer.write_table(
                pair_table(value[i, j], rois, subject_i=one, subject_j=other, joined=joined,
                           shift=shift)
            )  # fmt: skip
    return path


def write_cka(path: Path, value: np.ndarray, rois: list[int]) -> Path:
    """Write a table of inter-subject CKA, shift 1."""
    i, j, x, y = (part.ravel() for part in np.indices(value.shape))
    ids, subjects = np.array(rois, np.uint16), np.array(SUBJECTS, np.uint8)
    columns: dict[str, Any] = {
        "subject_i": subjects[i], "subject_j": subjects[j], "roi_x": ids[x], "roi_y": ids[y],
        "shift": 1, "join_hemispheres": True, "score": value.ravel(), "metric": "unbiased_cka",
    }  # fmt: skip
    with parquet_writer(path, CKA_SUBJECT_SUBJECT, {}) as writer:
        writer.write_table(table_of(CKA_SUBJECT_SUBJECT, columns))
    return path


def model_values(n_rois: int, seed: int = 3) -> np.ndarray:
    """Similarities (models, subjects, rois, layers, sessions)."""
    rng = np.random.default_rng(seed)
    shape = (len(VISION + LANGUAGE), len(SUBJECTS), n_rois, N_LAYERS, len(SESSIONS))
    level = np.linspace(0.2, 0.01, n_rois)[None, None, :, None, None]
    return (rng.normal(0, 0.03, shape) + level).astype(np.float32)


def write_models(path: Path, value: np.ndarray, rois: list[int], *, joined: bool) -> Path:
    """Write a table of brain-model RSA, rows of a model and subject in random order."""
    rng = np.random.default_rng(0)
    with parquet_writer(path, RSA_SUBJECT_MODEL, {}) as writer:
        for (m, model), (s, subject) in product(
            enumerate(sorted(VISION + LANGUAGE)), enumerate(SUBJECTS)
        ):
            roi, layer, session = (part.ravel() for part in np.indices(value.shape[2:]))
            mixed = rng.permutation(len(roi))
            columns = {
                "roi": np.array(rois, np.uint16)[roi[mixed]],
                "layer": layer[mixed].astype(np.uint8),
                "session": np.array(SESSIONS, np.uint8)[session[mixed]],
                "similarity": value[m, s].ravel()[mixed],
                "subject": subject, "model": model, "join_hemispheres": joined,
            }  # fmt: skip
            writer.write_table(table_of(RSA_SUBJECT_MODEL, columns))
    return path


def write_pvalues(path: Path, rois: list[int], comparisons: tuple[str, ...]) -> Path:
    """Write a table of p-values: the first regions differ, the others do not."""
    n = len(rois)
    p = np.where(np.arange(n) < 3, 0.0009, 0.5)
    stars = np.array(["***" if value < 0.05 else "n.s." for value in p], dtype=object)
    with parquet_writer(path, RSA_PVALUES, {}) as writer:
        for comparison in comparisons:
            columns = {
                "roi": np.array(rois, np.uint16), "name": np.array([""] * n, object),
                "comparison": comparison, "observed": np.full(n, 0.1),
                "null_mean": np.full(n, 0.001), "null_std": np.full(n, 0.004), "pvalue": p,
                "pvalue_fdr_bh": p, "apa_star": stars, "mne_name": np.array([""] * n, object),
            }  # fmt: skip
            writer.write_table(table_of(RSA_PVALUES, columns))
    return path


def write_all(folder: Path, regions: pd.DataFrame) -> dict[tuple[str, str], Path]:
    """Write all tables; keys: analysis and its choices, sorted, without defaults."""
    joined, separated = (rois_of(regions, joined=mode) for mode in (True, False))
    n = len(joined)
    made = {}
    for shift in (0, 1, 2):
        name = f"comparison=pearson;hemispheres=joined;shift={shift}"
        made["rsa_subject_subject", name] = write_pairs(
            folder / f"pairs_{shift}.parquet", pair_values(n, shift), joined, joined=True,
            shift=shift,
        )  # fmt: skip
    name = "comparison=spearman;hemispheres=joined;shift=1"
    made["rsa_subject_subject", name] = write_pairs(
        folder / "spearman.parquet", pair_values(n, 1, 9), joined, joined=True, shift=1
    )
    name = "comparison=pearson;hemispheres=separated;shift=1"
    made["rsa_subject_subject", name] = write_pairs(
        folder / "separated.parquet", pair_values(2 * n, 1), separated, joined=False, shift=1
    )
    made["cka_subject_subject", "hemispheres=joined;shift=1"] = write_cka(
        folder / "cka.parquet", pair_values(n, 1, 4), joined
    )
    for mode, rois in (("joined", joined), ("separated", separated)):
        made["rsa_subject_model", f"hemispheres={mode}"] = write_models(
            folder / f"models_{mode}.parquet", model_values(len(rois)), rois,
            joined=mode == "joined",
        )  # fmt: skip
    made["rsa_pvalues", ""] = write_pvalues(
        folder / "pvalues.parquet", joined, ("intersubject", "language", "vision")
    )
    regions.to_csv(folder / "regions.tsv", sep="\t", index=False)
    return made


def without(path: Path, schema: pa.Schema, n_rows: int) -> Path:
    """Write a copy that lacks its last rows."""
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    short = path.with_name("short.parquet")
    with parquet_writer(short, schema, {}) as writer:
        writer.write_table(table.slice(0, len(table) - n_rows).cast(schema))
    return short
