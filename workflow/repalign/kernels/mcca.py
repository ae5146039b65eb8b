"""Kernel multi-view CCA: components of images that several subjects share.

The sum of correlations between the views is maximised (SUMCOR), with a share kappa of each view's
norm in its regularisation. In the eigenvectors of the views the problem is an ordinary symmetric
eigenproblem, and its matrix is never built where it would be large.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh
from scipy.sparse.linalg import LinearOperator, eigsh

from repalign.kernels.views import Matrix, Vector, View

DENSE = 600
"""Up to this size the matrix is built and decomposed by LAPACK."""

TIED = 1e-8
"""Eigenvalues closer than this, relative to the first, count as equal."""


class DegenerateError(ValueError):
    """Without regularisation the views correlate perfectly, whatever the data."""


@dataclass(frozen=True, eq=False)
class Fit:
    """Shared components, the most shared first.

    Attributes
    ----------
    eigenvalues : ndarray of float64, shape (n_components,)
        1 for a component that a single view has alone; at most the number of views without
        regularisation.
    shared_percent : ndarray of float64, shape (n_components,)
        Eigenvalue in percent of the sum of all eigenvalues.
    weights : list of ndarray of float64, shape (n_rows, n_components)
        Of each view: scores of images are their centred kernel times these.
    scores : ndarray of float64, shape (n_views, n_images, n_components)
        Each view's own values; NaN for images that it does not have.
    projections : ndarray of float64, shape (n_images, n_components)
        Mean of the scores over the views that have the image. The entry of largest absolute value
        of each component is positive, the first one where several are as large.
    """

    eigenvalues: Vector
    shared_percent: Vector
    weights: list[Matrix]
    scores: npt.NDArray[np.float64]
    projections: Matrix


def fit_mcca(
    views: Sequence[View], n_images: int, *, regularisation: float, n_components: int
) -> Fit:
    """Find the components that views share.

    Parameters
    ----------
    views : sequence of View
        At least two.
    n_images : int
        Number of images; every one must be in some view.
    regularisation : float
        kappa, 0 to 1: share of the norm of the weights in what is held at 1; the rest is the
        norm of the scores.
    n_components : int
        Components wanted.

    Returns
    -------
    Fit
        The same for every order of the views, but for the order of `weights` and `scores`.

    Raises
    ------
    DegenerateError
        If `regularisation` is 0 and two views have more dimensions together than centred images
        have: they then have directions in common, and the components mean nothing.
    ValueError
        If there are fewer than two views, fewer dimensions than components, an image in no view,
        or a regularisation out of range.

    Notes
    -----
    With K = U diag(s) U' of each view, t = (1 - kappa) s² + kappa s and q = s / sqrt(t), the
    components are the leading eigenvectors of C, which has identity blocks on the diagonal and
    diag(q_a) U_a' U_b diag(q_b) beside it. The scores of a view are U diag(q) g for its part g of
    an eigenvector. This is the generalised eigenproblem of Tenenhaus, Philippe & Frouin (2015,
    doi:10.1016/j.csda.2015.04.004) and of the kernel multi-set CCA of Bach & Jordan (2002,
    doi:10.1162/153244303768966085), with a regularisation that acts on scaled kernels. Two views
    without regularisation give CCA: eigenvalues 1 + r.

    An image that a view does not have stands at the mean of the view in products with others.

    Components with equal eigenvalues are turned so that the most extended projection is first,
    since nothing else tells them apart.
    """
    _check(views, n_images, regularisation, n_components)
    values = [view.values for view in views]
    q = [s / np.sqrt((1 - regularisation) * s**2 + regularisation * s) for s in values]
    blocks = np.concatenate(
        [_at_rows(v, n_images, v.vectors * part) for v, part in zip(views, q, strict=True)], axis=1
    )
    present = np.sum([np.isin(np.arange(n_images), v.rows) for v in views], axis=0)
    eigenvalues, vectors = _leading(blocks, np.concatenate(q), n_components)
    projections = (blocks @ vectors) / present[:, np.newaxis]
    turn = _canonical(eigenvalues, projections)[:, :n_components]
    projections, vectors = projections @ turn, vectors @ turn
    parts = np.split(vectors, np.cumsum([v.rank for v in views])[:-1])
    weights = [
        view.vectors @ (part * (scale / view.values)[:, np.newaxis])
        for view, scale, part in zip(views, q, parts, strict=True)
    ]
    scores = np.full((len(views), n_images, n_components), np.nan)
    for k, (view, scale, part) in enumerate(zip(views, q, parts, strict=True)):
        scores[k, view.rows] = (view.vectors * scale) @ part
    leading = eigenvalues[:n_components]
    return Fit(leading, 100 * leading / vectors.shape[0], weights, scores, projections)


def _check(views: Sequence[View], n_images: int, regularisation: float, n_components: int) -> None:
    """Refuse what has no meaningful solution."""
    if len(views) < 2:
        raise ValueError(f"{len(views)} view(s); expected at least two")
    if not 0 <= regularisation <= 1:
        raise ValueError(f"a regularisation of {regularisation}; expected 0 to 1")
    total = sum(view.rank for view in views)
    if not 1 <= n_components <= total:
        raise ValueError(f"{n_components} components of views with {total} dimensions together")
    alone = np.setdiff1d(np.arange(n_images), np.concatenate([view.rows for view in views]))
    if alone.size:
        raise ValueError(f"image {alone[0]} in no view ({alone.size} in all)")
    if regularisation > 0:
        return
    for a, b in combinations(views, 2):
        # Rows that only one of the two has are free, so only common ones count.
        common = np.intersect1d(a.rows, b.rows).size - 1
        if a.rank + b.rank > common:
            raise DegenerateError(
                f"regularisation 0 with views of {a.rank} and {b.rank} dimensions over "
                f"{common + 1} images: some directions correlate perfectly, whatever the data"
            )


def _at_rows(view: View, n_images: int, values: Matrix) -> Matrix:
    """Place the rows of a view among all images, with 0 elsewhere."""
    placed = np.zeros((n_images, values.shape[1]))
    placed[view.rows] = values
    return placed


def _leading(blocks: Matrix, q: Vector, count: int) -> tuple[Vector, Matrix]:
    """Return the first eigenpairs of C, and as many more as are tied with the last of them.

    Parameters
    ----------
    blocks : ndarray, shape (n_images, size)
        M = [U_v diag(q_v)], so that C = M'M + diag(1 - q²).
    q : ndarray, shape (size,)
        All q_v behind one another.
    count : int
        Pairs wanted.
    """
    size = q.size
    rest = 1 - q**2
    if size <= DENSE:
        matrix = blocks.T @ blocks
        matrix[np.diag_indices(size)] = 1.0
        values, vectors = eigh(matrix)
        values, vectors = values[::-1], vectors[:, ::-1]
    else:
        operator = LinearOperator(
            (size, size), matvec=lambda x: blocks.T @ (blocks @ x) + rest * x, dtype=np.float64
        )
        start = np.random.default_rng(0).standard_normal(size)
        asked = count + 1
        while True:
            values, vectors = eigsh(operator, k=asked, which="LA", v0=start, tol=0)
            values, vectors = values[::-1], vectors[:, ::-1]
            if not _is_tied(values, count - 1, asked - 1) or 2 * asked >= size:
                break
            asked *= 2
    stop = count
    while stop < values.size and _is_tied(values, count - 1, stop):
        stop += 1
    return values[:stop], vectors[:, :stop]


def _is_tied(values: Vector, first: int, second: int) -> bool:
    """Say whether two of some descending eigenvalues count as equal."""
    return bool(values[first] - values[second] <= TIED * abs(values[0]))


def _canonical(eigenvalues: Vector, projections: Matrix) -> Matrix:
    """Return the rotation that makes components independent of the solver's choices.

    Parameters
    ----------
    eigenvalues : ndarray, shape (n,)
        Descending.
    projections : ndarray, shape (n_images, n)
        Of the eigenvectors as they came.

    Returns
    -------
    ndarray, shape (n, n)
        Orthogonal: mixes components with equal eigenvalues, and turns signs.
    """
    n = eigenvalues.size
    turn = np.eye(n)
    start = 0
    for stop in range(1, n + 1):
        if stop < n and _is_tied(eigenvalues, start, stop):
            continue
        if stop - start > 1:
            _, _, axes = np.linalg.svd(projections[:, start:stop], full_matrices=False)
            turn[start:stop, start:stop] = axes.T
        start = stop
    turned = projections @ turn
    return turn * largest_sign(turned)


def largest_sign(values: Matrix) -> Vector:
    """Return the sign of the entry of largest absolute value of each column.

    Parameters
    ----------
    values : ndarray, shape (n_images, n_components)
        Projections.

    Returns
    -------
    ndarray of float64, shape (n_components,)
        1 or -1; of the first entry where several are as large within 1e-9, and 1 for zeros.
    """
    sizes = np.abs(values)
    first = np.argmax(sizes >= sizes.max(axis=0) * (1 - 1e-9), axis=0)
    signs: Vector = np.where(values[first, np.arange(values.shape[1])] < 0, -1.0, 1.0)
    return signs
