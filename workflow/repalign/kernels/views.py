"""Views of multi-view CCA: from the patterns of one subject to the eigenvectors of its kernel.

A view is a kernel matrix over images (a Gram matrix). It is centred in feature space and divided
by its mean diagonal, so that its eigenvalues are about 1 on average whatever the number of voxels
and their units; only then does a regularisation mean the same thing for every subject and region.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh

Matrix = npt.NDArray[np.float64]
Vector = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

FLOOR = 1e-3
"""Eigenvalues up to this are left out; the mean eigenvalue of a view is about 1."""


@dataclass(frozen=True, eq=False)
class View:
    """The eigendecomposition of a centred kernel, U diag(s) U'.

    Attributes
    ----------
    rows : ndarray of int64, shape (n_rows,)
        Which of all images the view has.
    vectors : ndarray of float64, shape (n_rows, rank)
        U: orthonormal columns, each with mean 0.
    values : ndarray of float64, shape (rank,)
        s, descending.
    """

    rows: Rows
    vectors: Matrix
    values: Vector

    @property
    def rank(self) -> int:
        """Return the number of eigenvalues that were kept."""
        return self.values.size


def linear_gram(patterns: npt.NDArray[Any]) -> tuple[Matrix, int]:
    """Inner products of patterns after z-scoring every voxel.

    Parameters
    ----------
    patterns : ndarray of real numbers, shape (n_images, n_voxels)
        Responses of one region.

    Returns
    -------
    gram : ndarray of float64, shape (n_images, n_images)
        Products of the z-scored patterns (population standard deviation over images). The Gram
        matrix of regions taken together is the sum of theirs.
    n_voxels : int
        Voxels that take part: those that are not the same for all images.

    Raises
    ------
    ValueError
        If the patterns are no matrix, or hold NaN or infinity.
    """
    values = np.asarray(patterns, dtype=np.float64)
    if values.ndim != 2:
        raise ValueError(f"patterns of shape {values.shape}; expected (n_images, n_voxels)")
    if not np.isfinite(values).all():
        raise ValueError("patterns hold NaN or infinity")
    if len(values):
        values = values[:, values.max(axis=0) > values.min(axis=0)]
        values = values - values.mean(axis=0)
        values /= values.std(axis=0)
    gram: Matrix = values @ values.T
    return gram, values.shape[1]


def rbf_gram(gram: npt.NDArray[Any]) -> Matrix:
    """Gaussian kernel of the patterns that have some inner products.

    Parameters
    ----------
    gram : ndarray, shape (n_images, n_images)
        Inner products, as from `linear_gram`.

    Returns
    -------
    ndarray of float64, shape (n_images, n_images)
        exp(-d² / m), where m is the median of the squared distances d² of different images; all
        ones where they are all 0.
    """
    products = _square(gram)
    norms = np.diag(products)
    squares = np.maximum(norms[:, np.newaxis] + norms - 2 * products, 0)
    np.fill_diagonal(squares, 0)
    different = squares[np.triu_indices(len(squares), 1)]
    middle = float(np.median(different)) if different.size else 0.0
    kernel: Matrix = np.exp(-squares / middle) if middle > 0 else np.ones_like(squares)
    return kernel


def centred(gram: npt.NDArray[Any]) -> Matrix:
    """Centre a Gram matrix in feature space: rows and columns have mean 0.

    Parameters
    ----------
    gram : ndarray, shape (n_images, n_images)
        A symmetric matrix.

    Returns
    -------
    ndarray of float64, shape (n_images, n_images)
        Exactly symmetric.

    Raises
    ------
    ValueError
        If it is not square, or holds NaN or infinity.
    """
    values = _square(gram)
    means = values.mean(axis=0)
    values = values - means - means[:, np.newaxis] + means.mean()
    symmetric: Matrix = (values + values.T) / 2
    return symmetric


def decompose(
    gram: npt.NDArray[Any],
    rows: Rows | None = None,
    *,
    signal_rank: int | None = None,
    scaled: bool = True,
) -> View:
    """Decompose a Gram matrix after centring and scaling it.

    Parameters
    ----------
    gram : ndarray, shape (n_rows, n_rows)
        Kernel between the images of the view.
    rows : ndarray of int64, shape (n_rows,), optional
        Which of all images these are. All, if not given.
    signal_rank : int, optional
        Keep at most so many of the largest eigenvalues.
    scaled : bool
        Whether to divide by the mean diagonal.

    Returns
    -------
    View
        With the eigenvalues above `FLOOR`.

    Raises
    ------
    ValueError
        If the matrix is not square or finite, has another size than `rows`, or nothing varies.
    """
    kernel = centred(gram)
    n_rows = len(kernel)
    chosen = np.arange(n_rows) if rows is None else np.asarray(rows, dtype=np.int64)
    if chosen.shape != (n_rows,):
        raise ValueError(f"{chosen.size} rows for a kernel of {n_rows} images")
    mean = kernel.trace() / n_rows
    # What centring leaves of a constant kernel is rounding error.
    if mean <= 1e-12 * np.abs(gram).max(initial=0):
        raise ValueError("a kernel in which nothing varies")
    values, vectors = eigh(kernel / mean if scaled else kernel)
    kept = np.flatnonzero(values > FLOOR)[::-1][:signal_rank]
    return View(chosen, np.ascontiguousarray(vectors[:, kept]), values[kept])


def centred_like(cross: npt.NDArray[Any], gram: npt.NDArray[Any]) -> Matrix:
    """Centre and scale the kernel of new images with those that a view was made from.

    Parameters
    ----------
    cross : ndarray, shape (n_new, n_rows)
        Kernel of new images with the images of the view.
    gram : ndarray, shape (n_rows, n_rows)
        Kernel of the view.

    Returns
    -------
    ndarray of float64, shape (n_new, n_rows)
        What `decompose` did to `gram`, done to `cross`: the mean of the new images takes no part.
    """
    values = _square(gram)
    means = values.mean(axis=0)
    shifted = np.asarray(cross, dtype=np.float64) - means
    shifted -= shifted.mean(axis=1, keepdims=True)
    scaled: Matrix = shifted / (centred(values).trace() / len(values))
    return scaled


def _square(gram: npt.NDArray[Any]) -> Matrix:
    """Return a Gram matrix in float64, refusing what is none."""
    values = np.asarray(gram, dtype=np.float64)
    if values.ndim != 2 or values.shape[0] != values.shape[1] or not values.size:
        raise ValueError(f"a kernel of shape {values.shape}; expected a square matrix")
    if not np.isfinite(values).all():
        raise ValueError("a kernel with NaN or infinity")
    return values
