"""Null distributions of inter-subject and brain-model similarity, reduced as they are computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from repalign.alignment.draws import Draws
from repalign.alignment.pairs import check_trials
from repalign.kernels.aggregates import nested_mean, signed_extreme
from repalign.kernels.nulls import n_pooled_pairs, pooled_products, square_rdms
from repalign.tables.progress import progress
from repalign.tables.rdm_store import RdmReader

Null = npt.NDArray[np.float64]
COLUMNS = 4
"""Regions aggregated at once."""


@dataclass
class PairClass:
    """Pairs of subjects that share their trials: all i of `x` with all j of `y`."""

    keys: npt.NDArray[np.int64]
    x: dict[int, RdmReader] = field(default_factory=dict)
    y: dict[int, RdmReader] = field(default_factory=dict)


def pair_classes(
    sides: Mapping[tuple[int, int], tuple[Path, Path]],
) -> list[PairClass]:
    """Group ordered pairs by the folders that their subjects share.

    Parameters
    ----------
    sides : mapping
        Folders of RDM vectors of both sides of every ordered pair i != j.

    Returns
    -------
    list of PairClass
        Every pair is in one class, and every class has all pairs i != j of its subjects.
    """
    readers = {path: RdmReader(path) for both in sides.values() for path in both}
    groups: dict[bytes, list[tuple[int, int]]] = {}
    for pair, (x, _) in sides.items():
        groups.setdefault(readers[x].keys.tobytes(), []).append(pair)
    classes: list[PairClass] = []
    for pairs in groups.values():
        whole = _class_of(pairs, sides, readers)
        complete = n_pooled_pairs(whole.x, whole.y) == len(pairs)
        classes += [whole] if complete else [_class_of([p], sides, readers) for p in pairs]
    return classes


def _class_of(
    pairs: Sequence[tuple[int, int]],
    sides: Mapping[tuple[int, int], tuple[Path, Path]],
    readers: Mapping[Path, RdmReader],
) -> PairClass:
    """Put pairs together as one class."""
    found = PairClass(readers[sides[pairs[0]][0]].keys)
    for i, j in pairs:
        x, y = (readers[path] for path in sides[i, j])
        check_trials(x, y)
        found.x[i], found.y[j] = x, y
    return found


def subject_null(classes: Sequence[PairClass], rows: Sequence[int], draws: Draws) -> Null:
    """Compute the null of the mean similarity of a region with itself over pairs i != j.

    Parameters
    ----------
    classes : sequence of PairClass
        From `pair_classes`.
    rows : sequence of int
        Which regions, by their row in the vectors.
    draws : Draws
        The permutations.

    Returns
    -------
    ndarray of float64, shape (n_permutations, len(rows))
        Mean over all ordered pairs; NaN where a subject has no RDM.
    """
    null = np.zeros((draws.count, len(rows)))
    weights = [n_pooled_pairs(found.x, found.y) for found in classes]
    for column, row in progress(enumerate(rows), "regions", total=len(rows)):
        for found, weight in zip(classes, weights, strict=True):

            def product(x: Any, y: Any, keys: Any = found.keys) -> Null:  # noqa: ANN401
                return draws.products(x, y, keys)

            x = {i: _square(reader, row) for i, reader in found.x.items()}
            y = {j: _square(reader, row) for j, reader in found.y.items()}
            null[:, column] += weight / sum(weights) * pooled_products(x, y, product)
    return null


def _square(reader: RdmReader, row: int) -> npt.NDArray[np.float32]:
    """Return the RDM of one region as a symmetric matrix (n_trials, n_trials)."""
    matrix: npt.NDArray[np.float32] = square_rdms(reader.vector(row)[None])[0]
    return matrix


def session_null(
    regions: npt.NDArray[np.float32],
    layers: npt.NDArray[np.float32],
    keys: npt.NDArray[np.int64],
    draws: Draws,
) -> Null:
    """Compute the null of the signed maximum over layers, in one session.

    Parameters
    ----------
    regions : ndarray of float32, shape (n_rois, n_pairs)
        Unit vectors of the regions.
    layers : ndarray of float32, shape (n_layers, n_pairs)
        Unit vectors of the layers.
    keys : ndarray of int64, shape (n_trials,)
        What identifies each trial.
    draws : Draws
        The permutations.

    Returns
    -------
    ndarray of float64, shape (n_permutations, n_rois)
        For every draw the signed value of the largest absolute value over layers.
    """
    null = np.empty((draws.count, len(regions)))
    x, y = square_rdms(regions), square_rdms(layers)
    for chosen, products in draws.cross_products(x, y, keys):
        null[chosen] = signed_extreme(products, axis=2)
    return null


def nested_null(
    parts: Sequence[str | Path], models: Sequence[str], subjects: Sequence[int]
) -> npt.NDArray[np.float32]:
    """Average nulls of models and subjects as the observed statistic is averaged.

    Parameters
    ----------
    parts : sequence of path
        `.npy` (n_permutations, n_rois), one a model and subject, averaged over sessions.
    models, subjects : sequence
        Model and subject of each part.

    Returns
    -------
    ndarray of float32, shape (n_permutations, n_rois)
        Mean over subjects within a model, then over models.
    """
    arrays = [np.load(path, mmap_mode="r", allow_pickle=False) for path in parts]
    null = np.empty(arrays[0].shape, dtype=np.float32)
    levels = (np.asarray(models), np.asarray(subjects))
    for start in range(0, null.shape[1], COLUMNS):
        chosen = slice(start, start + COLUMNS)
        block = np.stack([array[:, chosen] for array in arrays])
        null[:, chosen] = nested_mean(block, *levels)
    return null
