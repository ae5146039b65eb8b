"""Paired t tests of every two regions over subjects."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr

from repalign.kernels.pvalues import benjamini_hochberg

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]


class PairedTests(NamedTuple):
    """Tests of row against column, all (n_rois, n_rois), float64; NaN where there is no test."""

    difference: FloatArray
    """Mean over subjects of the row's value less the column's."""
    t: FloatArray
    """Paired t statistic of that difference."""
    p: FloatArray
    """Two-sided p-value."""
    q: FloatArray
    """Benjamini-Hochberg adjusted over all pairs of regions that were tested."""


def paired_tests(values: Array) -> PairedTests:
    """Compare every two regions by a paired t test over subjects.

    Parameters
    ----------
    values : array (n_subjects, n_rois)
        NaN where undefined; a pair is tested over the subjects that have both.

    Returns
    -------
    tests : PairedTests
        No test with fewer than two subjects, or where all differences are 0. Differences that
        are the same in all subjects and not 0 have an infinite t and p = 0.

    Raises
    ------
    ValueError
        If `values` is not a matrix.
    """
    if values.ndim != 2:
        raise ValueError(f"values of shape {values.shape}; expected (n_subjects, n_rois)")
    wide = values.astype(np.float64)
    difference = wide[:, :, None] - wide[:, None, :]
    known = ~np.isnan(difference)
    count = known.sum(axis=0)
    filled = np.where(known, difference, 0)
    mean = filled.sum(axis=0) / np.maximum(count, 1)
    spread = np.where(known, difference - mean, 0)
    variance = np.square(spread).sum(axis=0) / np.maximum(count - 1, 1)
    # Equal differences have no variance, whatever their rounding says.
    variance[variance < (1e-12 * np.abs(mean)) ** 2] = 0
    with np.errstate(divide="ignore", invalid="ignore"):
        t = mean / np.sqrt(variance / np.maximum(count, 1))
    t[(count < 2) | np.isnan(t)] = np.nan
    p = 2 * stdtr(np.maximum(count - 1, 1), -np.abs(t))
    q = np.full(p.shape, np.nan)
    upper = np.triu_indices(len(p), k=1)
    q[upper] = benjamini_hochberg(p[upper])
    q.T[upper] = q[upper]
    return PairedTests(np.where(count > 0, mean, np.nan), t, p, q)
