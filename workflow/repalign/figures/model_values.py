"""Similarity of each region with each model: one value a subject, from all layers and sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from repalign.errors import RepalignError
from repalign.figures.rows import Floats, mean_of_known
from repalign.kernels.aggregates import signed_extreme

Layers = Literal["signed", "largest"]
"""Of all layers: the value of the largest size with its sign, or simply the largest value."""

COLUMNS = ("roi", "layer", "session", "similarity", "subject", "model", "join_hemispheres")


@dataclass(frozen=True)
class ModelValues:
    """One value for every model, subject and region.

    Attributes
    ----------
    rois, subjects : tuple of int
        Ids, ascending.
    models : tuple of str
        Names, sorted.
    value : ndarray, shape (n_models, n_subjects, n_rois)
        Mean over sessions of the value of the best layer; NaN where undefined.
    """

    rois: tuple[int, ...]
    subjects: tuple[int, ...]
    models: tuple[str, ...]
    value: Floats

    def of(self, models: Sequence[str]) -> Floats:
        """Return the mean over some models for each subject, shape (n_subjects, n_rois)."""
        chosen = [k for k, name in enumerate(self.models) if name in models]
        return mean_of_known(self.value[chosen])


def read_models(
    table: str | Path,
    rois: Sequence[int],
    subjects: Sequence[int],
    *,
    joined: bool,
    layers: Layers = "signed",
) -> ModelValues:
    """Read a table of brain-model RSA, one model and subject at a time.

    Parameters
    ----------
    table : str or Path
        Published table, whose row groups are one model and subject each.
    rois, subjects : sequence of int
        Region ids and subject numbers that every model must have.
    joined : bool
        Whether its regions must join both hemispheres.
    layers : {'signed', 'largest'}
        How layers are reduced, session by session.

    Returns
    -------
    ModelValues
        In float64.

    Raises
    ------
    RepalignError
        If the table cannot be read, or rows are missing, doubled or of something else.
    """
    found: dict[tuple[str, int], Floats] = {}
    try:
        with pq.ParquetFile(table) as file:
            missing = sorted(set(COLUMNS) - set(file.schema_arrow.names))
            if missing:
                raise _unfit(table, f"no column {', '.join(missing)}", joined)
            for group in range(file.num_row_groups):
                rows = file.read_row_group(group, columns=list(COLUMNS))
                for key, value in _parts(table, rows, rois, joined, layers).items():
                    if key in found:
                        raise _unfit(table, f"{key[0]}, subject {key[1]} twice", joined)
                    found[key] = value
    except (pa.ArrowInvalid, OSError) as error:
        raise _unfit(table, f"a file that cannot be read ({error})", joined) from error
    models = sorted({model for model, _ in found})
    value = np.full((len(models), len(subjects), len(rois)), np.nan)
    for m, model in enumerate(models):
        for s, subject in enumerate(subjects):
            if (model, subject) not in found:
                raise _unfit(table, f"no rows of {model}, subject {subject}", joined)
            value[m, s] = found[model, subject]
    return ModelValues(tuple(rois), tuple(subjects), tuple(models), value)


def _parts(
    table: str | Path, rows: pa.Table, rois: Sequence[int], joined: bool, layers: Layers
) -> Mapping[tuple[str, int], Floats]:
    """Return the values of each model and subject of a row group, each of shape (n_rois,)."""
    names = rows.column("model").combine_chunks()
    names = names.dictionary_encode() if not pa.types.is_dictionary(names.type) else names
    codes = names.indices.to_numpy()
    column = {name: rows.column(name).to_numpy() for name in COLUMNS if name not in ("model",)}
    if np.any(column["join_hemispheres"] != joined):
        raise _unfit(table, "rows of another hemisphere mode", joined)
    parts = {}
    for code, subject in np.unique(np.stack([codes, column["subject"]], axis=1), axis=0).tolist():
        chosen = (codes == code) & (column["subject"] == subject)
        keys = [column[name][chosen] for name in ("session", "layer", "roi")]
        order = np.lexsort(keys)
        counts = [np.unique(key, return_counts=True) for key in keys]
        n_sessions, n_layers, n_rois = (len(values) for values, _ in counts)
        complete = n_sessions * n_layers * n_rois == len(order)
        if not complete or not np.array_equal(counts[2][0], np.asarray(rois)):
            found = f"{len(order)} rows of {names.dictionary[code]}, subject {subject}"
            raise _unfit(table, found, joined)
        value = column["similarity"][chosen].astype(np.float64)[order]
        by_layer = value.reshape(n_rois, n_layers, n_sessions)
        best = signed_extreme(by_layer, axis=1) if layers == "signed" else _largest(by_layer)
        parts[str(names.dictionary[code]), int(subject)] = mean_of_known(best, axis=1)
    return parts


def _largest(values: Floats) -> Floats:
    """Return the largest value along axis 1; NaN where there is none."""
    known = np.where(np.isnan(values), -np.inf, values).max(axis=1)
    largest: Floats = np.where(np.isinf(known), np.nan, known)
    return largest


def _unfit(table: str | Path, found: str, joined: bool) -> RepalignError:
    """Return the error for a table that is not the one that was asked for."""
    return RepalignError(
        found,
        where=table,
        expected=(
            "for every model and subject every region, layer and session, once, hemispheres "
            f"{'joined' if joined else 'separated'}"
        ),
        remedy="Delete it and run the workflow again.",
    )
