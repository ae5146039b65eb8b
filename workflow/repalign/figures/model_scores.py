"""Subject-model RSA, streamed model by model: curves over layers, and where they peak."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from repalign.errors import RepalignError
from repalign.figures.rows import Floats, batches, mean_of_known, positions
from repalign.kernels.depth import relative_depth, resample_curves, signed_peak

COLUMNS = ("roi", "layer", "session", "similarity", "subject", "model", "join_hemispheres")


@dataclass(frozen=True)
class ModelScores:
    """What one model and one subject have in common.

    Attributes
    ----------
    model : str
        Name of the model's feature file.
    subject : int
        Subject number.
    layers : ndarray, shape (n_layers,)
        Numbers of the layers, ascending.
    values : ndarray, shape (n_layers, n_sessions, n_rois)
        Similarities; NaN where undefined.
    """

    model: str
    subject: int
    layers: npt.NDArray[np.int64]
    values: Floats


@dataclass(frozen=True)
class DepthSummary:
    """Curves and peaks of all models and subjects.

    Attributes
    ----------
    models : tuple of str
        Names, in the order of the table.
    subjects, rois : tuple of int
        Ids, ascending.
    curves : ndarray, shape (n_models, n_subjects, n_points, n_rois)
        Similarity at points from depth 0 to depth 1, mean over sessions; NaN for a model with one
        layer.
    peak : ndarray, shape (n_models, n_subjects, n_rois)
        Signed similarity of the layer whose absolute similarity is largest, found in each session
        and averaged over sessions.
    depth : ndarray, shape (n_models, n_subjects, n_rois)
        Relative depth of that layer, likewise.
    peak_of_mean : ndarray, shape (n_models, n_rois)
        Signed similarity of the layer whose mean over sessions, then over subjects, is farthest
        from 0; less biased than `peak`, since less noise is left when the layer is chosen.
    """

    models: tuple[str, ...]
    subjects: tuple[int, ...]
    rois: tuple[int, ...]
    curves: Floats
    peak: Floats
    depth: Floats
    peak_of_mean: Floats

    def of_models(self, names: Sequence[str]) -> DepthSummary:
        """Return the part of some models, in their order."""
        index = [self.models.index(name) for name in names]
        return DepthSummary(
            tuple(names),
            self.subjects,
            self.rois,
            self.curves[index],
            self.peak[index],
            self.depth[index],
            self.peak_of_mean[index],
        )


def depth_summary(
    table: str | Path,
    models: Sequence[str],
    rois: Sequence[int],
    subjects: Sequence[int],
    *,
    joined: bool,
    n_points: int = 40,
) -> DepthSummary:
    """Summarise a table of subject-model RSA; one model and subject are in memory at a time.

    Parameters
    ----------
    table : str or Path
        With the columns `COLUMNS`, layers counted from any number.
    models : sequence of str
        Models that the table must have, each with every subject.
    rois, subjects : sequence of int
        Region ids and subject numbers that it must have.
    joined : bool
        Whether its regions must join both hemispheres.
    n_points : int
        Points of a curve.

    Returns
    -------
    DepthSummary
        In float64.

    Raises
    ------
    RepalignError
        If the table cannot be read, or rows are missing, doubled or of something else.
    """
    roi_ids = tuple(np.unique(rois).tolist())
    subject_ids = tuple(np.unique(subjects).tolist())
    shape = (len(models), len(subject_ids))
    curves = np.full((*shape, n_points, len(roi_ids)), np.nan)
    peak, depth = (np.full((*shape, len(roi_ids)), np.nan) for _ in range(2))
    layers_of: dict[str, list[Floats]] = {name: [] for name in models}
    seen = set()
    for scores in model_scores(table, rois, joined=joined):
        key = (scores.model, scores.subject)
        if key in seen or scores.model not in models or scores.subject not in subject_ids:
            raise _broken(table, f"rows of {key[0]} and subject {key[1]}, doubled or not wanted")
        seen.add(key)
        at = (models.index(scores.model), subject_ids.index(scores.subject))
        axis = relative_depth(scores.layers)
        layer, value = signed_peak(scores.values)
        peak[at] = mean_of_known(value)
        depth[at] = mean_of_known(np.where(layer < 0, np.nan, axis[layer]))
        mean = mean_of_known(scores.values.swapaxes(0, 1))
        if any(other.shape != mean.shape for other in layers_of[scores.model]):
            raise _broken(table, f"{len(axis)} layers of {key[0]} and subject {key[1]}")
        layers_of[scores.model].append(mean)
        if len(axis) > 1:
            curves[at] = resample_curves(axis, mean, n_points)
    if len(seen) != len(models) * len(subject_ids):
        raise _broken(table, f"{len(seen)} of {len(models) * len(subject_ids)} models by subjects")
    of_mean = [signed_peak(mean_of_known(np.array(layers_of[name])))[1] for name in models]
    peaks_of_mean = np.array(of_mean).reshape(len(models), len(roi_ids))
    return DepthSummary(tuple(models), subject_ids, roi_ids, curves, peak, depth, peaks_of_mean)


def model_scores(table: str | Path, rois: Sequence[int], *, joined: bool) -> Iterator[ModelScores]:
    """Give the rows of each model and subject, which follow each other in published tables.

    Parameters
    ----------
    table : str or Path
        As for `depth_summary`.
    rois : sequence of int
        Region ids that it must have.
    joined : bool
        Whether its regions must join both hemispheres.

    Yields
    ------
    ModelScores
        A model and subject whose rows are not together is given in pieces.

    Raises
    ------
    RepalignError
        If rows are missing or doubled.
    """
    roi_ids = np.unique(rois)
    block: _Block | None = None
    for batch in batches(table, COLUMNS):
        if np.any(batch["join_hemispheres"] != joined):
            raise _broken(table, "rows of another hemisphere mode")
        model, subject = batch["model"], batch["subject"]
        changes = 1 + np.flatnonzero((model[1:] != model[:-1]) | (subject[1:] != subject[:-1]))
        for start, stop in zip([0, *changes], [*changes, len(model)], strict=True):
            key = (str(model[start]), int(subject[start]))
            if block is not None and block.key != key:
                yield block.scores(roi_ids, table)
                block = None
            block = block or _Block(key)
            block.rows.append({name: batch[name][start:stop] for name in COLUMNS[:4]})
    if block is not None:
        yield block.scores(roi_ids, table)


@dataclass
class _Block:
    """Rows of one model and subject, as they come."""

    key: tuple[str, int]
    rows: list[dict[str, npt.NDArray[np.generic]]] = field(default_factory=list)

    def scores(self, roi_ids: npt.NDArray[np.int_], table: str | Path) -> ModelScores:
        """Lay the rows out on layers, sessions and regions."""
        column = {name: np.concatenate([rows[name] for rows in self.rows]) for name in COLUMNS[:4]}
        layers, layer = np.unique(column["layer"], return_inverse=True)
        sessions, session = np.unique(column["session"], return_inverse=True)
        roi = positions(column["roi"], roi_ids, "roi", table)
        shape = (len(layers), len(sessions), len(roi_ids))
        place = np.ravel_multi_index((layer, session, roi), shape)
        values = np.full(shape, np.nan)
        if len(place) != values.size or len(np.unique(place)) != values.size:
            found = f"{len(place)} rows of {self.key[0]} and subject {self.key[1]}"
            raise _broken(table, found)
        values.flat[place] = column["similarity"]
        return ModelScores(*self.key, layers.astype(np.int64), values)


def _broken(table: str | Path, found: str) -> RepalignError:
    """Return the error for a table that is not the one that was asked for."""
    return RepalignError(
        found,
        where=table,
        expected=(
            "for every model and subject, in one run of rows, each layer with each session and "
            "region once"
        ),
        remedy="Delete it and run the workflow again.",
    )
