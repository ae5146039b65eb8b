"""One RDM or Gram vector from patterns, with the choices of a run made once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from repalign.kernels.gram import gram_vector
from repalign.kernels.ranks import Ties, rank_rdm
from repalign.kernels.rdm import correlation_rdm, n_pairs, normalise_rdm, rdm_vector
from repalign.kernels.repetitions import mean_patterns

Vector = npt.NDArray[np.float32]
Measure = Literal["rdm", "gram"]


def different_stimuli(stimuli: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_] | None:
    """Mark the pairs of trials that show different stimuli.

    Parameters
    ----------
    stimuli : ndarray of int64, shape (n_trials,)
        Stimulus of each trial.

    Returns
    -------
    ndarray of bool, shape (n_pairs,), or None
        In the order of RDM vectors; None if no stimulus is shown twice.
    """
    if len(np.unique(stimuli)) == len(stimuli):
        return None
    rows = [stimuli[k] != stimuli[k + 1 :] for k in range(len(stimuli))]
    return np.concatenate(rows)


@dataclass(frozen=True)
class VectorMaker:
    """Makes unit vectors from patterns.

    Attributes
    ----------
    measure : {"rdm", "gram"}
        Correlation distances, or U-centred inner products (for CKA).
    clip_quantile : float
        Quantile at which patterns are clipped; 0 clips nothing.
    keep : ndarray of bool, shape (n_pairs,), optional
        Pairs of trials that take part. The others are left out of mean and norm and are 0 in the
        vector, so that they add nothing to any product.
    images : ndarray of int64, shape (n_patterns,), optional
        Image of each pattern, ascending: the RDM is of images, and the pattern of an image is
        the mean of its clipped patterns. By default each pattern is a row of the RDM.
    """

    measure: Measure = "rdm"
    clip_quantile: float = 0.003
    keep: npt.NDArray[np.bool_] | None = None
    images: npt.NDArray[np.int64] | None = None

    def __call__(self, patterns: npt.NDArray[Any], out: Vector) -> None:
        """Write the unit vector of patterns (n_patterns, n_dims) into `out` (n_pairs,).

        All NaN where it is undefined.
        """
        quantile = self.clip_quantile or None
        if self.images is not None:
            patterns, quantile = mean_patterns(patterns, self.images, quantile), None
        if self.measure == "gram":
            gram_vector(patterns, quantile, out=out)
        elif self.keep is None:
            rdm_vector(patterns, quantile, out=out)
        else:
            out[:] = 0
            out[self.keep] = normalise_rdm(correlation_rdm(patterns, quantile)[self.keep])

    def empty(self, n_trials: int) -> Vector:
        """Return a vector that stands for an undefined one."""
        return np.full(n_pairs(n_trials), np.nan, dtype=np.float32)


def rank_vector(vector: Vector, ties: Ties, keep: npt.NDArray[np.bool_] | None) -> Vector:
    """Rank-transform a unit vector, leaving the pairs that do not take part at 0.

    Parameters
    ----------
    vector : ndarray of float32, shape (n_pairs,)
        An RDM vector.
    ties : {"average", "ordinal"}
        Ranks of equal values.
    keep : ndarray of bool, shape (n_pairs,), optional
        Pairs that take part.

    Returns
    -------
    ndarray of float32, shape (n_pairs,)
        A unit vector.
    """
    if keep is None:
        return rank_rdm(vector, ties)
    ranked = np.zeros_like(vector)
    ranked[keep] = rank_rdm(vector[keep], ties)
    return ranked
