"""Z-scores: of whole numbers from exact sums, and of columns against those of other rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer[Any]]


def scores_from_sums(
    values: IntArray, sums: IntArray, squares: IntArray, n_trials: int
) -> FloatArray:
    """Z-scores of some trials among all trials of a session, from sums over all of them.

    Parameters
    ----------
    values : array (n_chosen, n_units), any integer dtype
        Responses to the trials wanted, in units of the file.
    sums, squares : arrays of int64 (n_units,)
        Sum of the responses to all trials of the session, and of their squares.
    n_trials : int
        Trials of the session.

    Returns
    -------
    scores : array (n_chosen, n_units), float64
        Distance from the mean in population standard deviations (ddof 0); 0 for a unit whose
        response never changes.

    Raises
    ------
    ValueError
        If shapes do not fit or sums are not those of `n_trials` whole numbers.

    Notes
    -----
    Mean and variance are exact: ``n * squares - sums**2`` is a whole number, which 64 bits hold
    for up to 92,000 trials of int16. So the result does not depend on the order or the blocks in
    which trials were summed, and a constant factor of all responses cancels.
    """
    sums, squares = np.asarray(sums, np.int64), np.asarray(squares, np.int64)
    if values.ndim != 2 or sums.shape != values.shape[1:] or squares.shape != sums.shape:
        raise ValueError(f"values {values.shape}, sums {sums.shape}, squares {squares.shape}")
    spread = n_trials * squares - sums * sums
    if (spread < 0).any():
        raise ValueError(f"sums and squares that are not those of {n_trials} values")
    scale = np.sqrt(spread, dtype=np.float64)
    scale[spread == 0] = 1
    centred = n_trials * values.astype(np.int64) - sums
    centred[:, spread == 0] = 0
    return np.asarray(centred / scale)


def column_scale(rows: npt.NDArray[np.floating[Any]]) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of each column, for z-scores of other rows as well.

    Parameters
    ----------
    rows : array (n_rows, n_units), floating
        Rows that the scale is taken from.

    Returns
    -------
    mean, deviation : arrays (n_units,), float64
        Population standard deviation (ddof 0); 1 for a column that never changes.
    """
    mean = rows.mean(axis=0, dtype=np.float64)
    deviation = rows.std(axis=0, dtype=np.float64)
    deviation[(rows == rows[:1]).all(axis=0)] = 1
    return mean, deviation
