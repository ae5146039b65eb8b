"""Partial correlation of RDMs, from similarities alone: no vector is touched a second time."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import pdist

from repalign.kernels.quantiles import check_finite, check_patterns
from repalign.kernels.rdm import n_pairs, normalise_rdm

Array = npt.NDArray[Any]
Float64 = npt.NDArray[np.float64]

#: Share of variance below which a direction counts as explained by others: with similarities
#: in float32 the rounding error of a result is then at most about 1e-7 / 1e-5.
TOLERANCE = 1e-5

#: Largest difference from 1 of the product of a unit control vector with itself.
UNIT_ERROR = 1e-3


def partial_similarity(
    similarity: Array,
    x_control: Array,
    y_control: Array,
    controls_gram: Array,
    tolerance: float = TOLERANCE,
) -> Float64:
    """Partial correlation of every RDM x with every RDM y given a set of control RDMs.

    Parameters
    ----------
    similarity : array (n_x, n_y)
        Products of the unit RDM vectors x and y (see `rdm.normalise_rdm`).
    x_control, y_control : arrays (n_x, n_controls) and (n_y, n_controls)
        Products of x, and of y, with the unit control vectors.
    controls_gram : array (n_controls, n_controls)
        Products of the control vectors with one another; symmetric, ones on the diagonal.
    tolerance : float
        Smallest share of variance that counts, 0 to 1; see *Notes*.

    Returns
    -------
    partial : array (n_x, n_y), float64
        Correlation of what the controls leave of x and of y. NaN where x or y holds NaN or
        keeps at most `tolerance` of its variance, and everywhere if a control holds NaN; never
        infinite. With no controls, `similarity` itself.

    Raises
    ------
    ValueError
        If shapes do not fit, controls are not unit vectors, or `tolerance` is out of range.

    Notes
    -----
    With E an orthonormal basis of the control vectors, P = E x and R = E y::

        (S - P R') / sqrt((1 - |P|^2) (1 - |R|^2))

    which for one control is r_xy.c = (r_xy - r_xc r_yc) / sqrt((1 - r_xc^2) (1 - r_yc^2)), and
    for any number equals the correlation of the residuals of a least-squares regression on
    them, because RDM vectors have mean 0. The basis is found in coefficient space, from the
    eigenvectors of `controls_gram`: a thin product instead of a pass over n_pairs.

    Directions of the controls whose eigenvalue is at most `tolerance` times the largest are
    dropped. So collinear controls count once: the result given (c, c) is that given c. Of two
    controls of correlation r the difference is dropped from about 1 - r = 2 `tolerance` on. A
    residual that is smaller would consist of the rounding of float32 similarities.
    """
    shapes = (similarity.shape, x_control.shape, y_control.shape, controls_gram.shape)
    n_controls = x_control.shape[-1] if x_control.ndim == 2 else -1
    n_x, n_y = similarity.shape if similarity.ndim == 2 else (-1, -1)
    if shapes[1:] != ((n_x, n_controls), (n_y, n_controls), (n_controls, n_controls)):
        raise ValueError(
            f"similarity, x_control, y_control and controls_gram are of shape {shapes}; expected "
            "(n_x, n_y), (n_x, n_controls), (n_y, n_controls) and (n_controls, n_controls)"
        )
    if not 0 <= tolerance < 1:
        raise ValueError(f"tolerance is {tolerance!r}; expected a number from 0 to 1")
    gram = controls_gram.astype(np.float64)
    if not np.isfinite(gram).all():
        return np.full((n_x, n_y), np.nan)
    basis = _orthonormal_basis(gram, tolerance)
    # A quiet NaN stays in its own row; some BLAS raise the flag on the way.
    with np.errstate(invalid="ignore"):
        x_share = x_control.astype(np.float64) @ basis
        y_share = y_control.astype(np.float64) @ basis
        left = similarity.astype(np.float64) - x_share @ y_share.T
        return left * _scale(x_share, tolerance)[:, np.newaxis] * _scale(y_share, tolerance)


def euclidean_rdm(features: Array, dtype: npt.DTypeLike = np.float32) -> Array:
    """Euclidean distance between the rows of a control matrix, as a unit RDM vector.

    Parameters
    ----------
    features : array (n_trials, n_dims), any integer or floating dtype
        A row a trial: few columns, such as a level, flags or scores. Rounded to float32, as in
        the published procedure.
    dtype : float32 or float64
        Type of the result.

    Returns
    -------
    unit : array (n_pairs,) of `dtype`
        Strict upper triangle, row by row; mean 0, Euclidean norm 1. All NaN if all distances
        are equal (constant rows, fewer than three trials).

    Raises
    ------
    ValueError
        If `features` are not a numeric matrix, not finite, or too large for float32.

    Notes
    -----
    Distances are summed from differences in float64, so that equal rows (trials of the same
    image) have distance 0 to the last bit; distances by way of a product do not. The time is
    n_pairs * n_dims: meant for control matrices, not for model layers.
    """
    precision = np.dtype(dtype)
    if precision not in (np.float32, np.float64):
        raise ValueError(f"dtype is {precision}; expected float32 or float64")
    check_patterns(features)
    with np.errstate(over="ignore"):
        rows = features.astype(np.float32)
    check_finite(rows)
    # pdist refuses empty matrices.
    distances = pdist(rows.astype(np.float64)) if rows.size else np.zeros(n_pairs(len(rows)))
    scale = float(distances.max(initial=0))
    return normalise_rdm(distances, copy=False, scale=scale).astype(precision, copy=False)


def _orthonormal_basis(gram: Float64, tolerance: float) -> Float64:
    """Coefficients (n_controls, rank) that turn the controls into orthonormal vectors."""
    error = np.abs(gram - gram.T).max(initial=0), np.abs(np.diagonal(gram) - 1).max(initial=0)
    if max(error) > UNIT_ERROR:
        raise ValueError(
            f"controls_gram is asymmetric by {error[0]:.3g} and differs from 1 by {error[1]:.3g} "
            f"on its diagonal; expected the products of unit vectors, to {UNIT_ERROR}"
        )
    values, vectors = np.linalg.eigh((gram + gram.T) / 2)
    kept = values > tolerance * values.max(initial=0)
    return np.asarray(vectors[:, kept] / np.sqrt(values[kept]))


def _scale(share: Float64, tolerance: float) -> Float64:
    """One over the norm of each residual; NaN where it is too small or unknown."""
    left = 1 - np.vecdot(share, share)
    return 1 / np.sqrt(np.where(left > tolerance, left, np.nan))
