"""Similarity of each region with each model: one value a subject, from all layers and sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from repalign.errors import RepalignError
from repalign.figures.model_scores import model_scores
from repalign.figures.rows import Floats, mean_of_known
from repalign.kernels.depth import signed_peak

Layers = Literal["signed", "largest"]
"""Of all layers: the value of the largest size with its sign, or simply the largest value."""


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
        Published table, in which rows of a model and subject follow each other.
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
    # Ids are ascending below, whatever order was asked for.
    order = np.searchsorted(np.unique(rois), rois)
    for scores in model_scores(table, rois, joined=joined):
        key = scores.model, scores.subject
        if key in found:
            raise _unfit(table, f"{key[0]}, subject {key[1]} twice", joined)
        each = scores.values
        best = signed_peak(each)[1] if layers == "signed" else _largest(each)
        found[key] = mean_of_known(best)[order]
    models = sorted({model for model, _ in found})
    value = np.full((len(models), len(subjects), len(rois)), np.nan)
    for m, model in enumerate(models):
        for s, subject in enumerate(subjects):
            if (model, subject) not in found:
                raise _unfit(table, f"no rows of {model}, subject {subject}", joined)
            value[m, s] = found[model, subject]
    return ModelValues(tuple(rois), tuple(subjects), tuple(models), value)


def _largest(values: Floats) -> Floats:
    """Return the largest value along the first axis; NaN where there is none."""
    known = np.where(np.isnan(values), -np.inf, values).max(axis=0)
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
