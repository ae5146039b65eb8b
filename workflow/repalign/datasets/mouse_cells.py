"""Which neurons of a scan may be the same cell, recorded in two planes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

Floats = npt.NDArray[np.float64]


def same_cells(
    places: Floats, responses: npt.NDArray[np.floating[Any]], distance: float, correlation: float
) -> tuple[npt.NDArray[np.int64], Floats]:
    """Find for each neuron the near one that responds most like it.

    Parameters
    ----------
    places : ndarray, shape (n_neurons, 3)
        Micrometres; neurons with NaN are near none.
    responses : ndarray, shape (n_trials, n_neurons)
        Single trials.
    distance : float
        Micrometres up to which neurons are near.
    correlation : float
        Correlation of responses from which on a near neuron may be the same cell.

    Returns
    -------
    partner : ndarray of int64, shape (n_neurons,)
        Row of the most similar near neuron; -1 where no near neuron is similar enough.
    value : ndarray of float64, shape (n_neurons,)
        Correlation with it; NaN where there is none.

    Notes
    -----
    A hint, not a decision: planes a few micrometres apart record one cell several times, and its
    records share noise, which neighbours do not. Nothing is left out because of it.
    """
    n_neurons = len(places)
    partner, value = np.full(n_neurons, -1), np.full(n_neurons, np.nan)
    known = np.flatnonzero(np.isfinite(places).all(axis=1))
    if not len(known) or len(responses) < 2:
        return partner, value
    pairs = known[cKDTree(places[known]).query_pairs(distance, output_type="ndarray")]
    centred = responses.astype(np.float64) - responses.mean(axis=0, dtype=np.float64)
    norms = np.sqrt(np.square(centred).sum(axis=0))
    for i, j in pairs[np.lexsort(pairs.T[::-1])].tolist():
        if not norms[i] * norms[j]:
            continue
        r = float(centred[:, i] @ centred[:, j] / (norms[i] * norms[j]))
        for own, other in ((i, j), (j, i)):
            if r >= correlation and not r <= value[own]:
                partner[own], value[own] = other, r
    return partner, value
