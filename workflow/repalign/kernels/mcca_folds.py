"""How well shared components hold for images that they were not fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from repalign.kernels.mcca import fit_mcca
from repalign.kernels.views import Matrix, Rows, Vector, centred_like, decompose


def heldout_correlation(
    grams: Sequence[Matrix],
    rows: Sequence[Rows],
    n_images: int,
    *,
    regularisation: float,
    n_components: int,
    signal_rank: int | None = None,
    n_folds: int = 5,
    seed: int = 0,
) -> Vector:
    """Correlation between views on held-out images, mean over pairs of views.

    Parameters
    ----------
    grams : sequence of ndarray, shape (n_rows, n_rows)
        Kernel of each view, centred or not.
    rows : sequence of ndarray of int64, shape (n_rows,)
        Images of each view.
    n_images : int
        Number of images.
    regularisation : float
        As in `repalign.kernels.mcca.fit_mcca`.
    n_components : int
        Components wanted of each fold.
    signal_rank : int, optional
        As in `repalign.kernels.views.decompose`.
    n_folds : int
        Parts that are held out in turn; at most as many as images.
    seed : int
        Of the parts.

    Returns
    -------
    ndarray of float64, shape (n_components,)
        NaN where a pair of views has no scores that vary.

    Raises
    ------
    ValueError
        As `fit_mcca` does, for the images of a fold; or if there are fewer than two folds.

    Notes
    -----
    Scores of held-out images are centred by the mean of the fitted ones. Products of two views
    are added over all folds and divided by the norms, so that a fold may hold a single image and
    the sign of a component may differ between folds. Component k is the k-th of each fold's own
    fit. Without anything shared the expectation is 0.
    """
    folds = min(n_folds, n_images)
    if folds < 2:
        raise ValueError(f"{folds} fold(s) of {n_images} images; expected at least two")
    order = np.random.default_rng(seed).permutation(n_images)
    part = np.empty(n_images, dtype=np.int64)
    for k, members in enumerate(np.array_split(order, folds)):
        part[members] = k
    scores = np.full((len(grams), n_images, n_components), np.nan)
    for k in range(folds):
        kept = np.flatnonzero(part != k)
        inside = [part[own] != k for own in rows]
        views = [
            decompose(
                gram[np.ix_(use, use)],
                np.searchsorted(kept, own[use]),
                signal_rank=signal_rank,
            )
            for gram, own, use in zip(grams, rows, inside, strict=True)
        ]
        fit = fit_mcca(views, kept.size, regularisation=regularisation, n_components=n_components)
        for v, (gram, own, use) in enumerate(zip(grams, rows, inside, strict=True)):
            cross = centred_like(gram[np.ix_(~use, use)], gram[np.ix_(use, use)])
            scores[v, own[~use]] = cross @ fit.weights[v]
    pairs = combinations(range(len(grams)), 2)
    correlations: Vector = np.mean([_cosine(scores[a], scores[b]) for a, b in pairs], axis=0)
    return correlations


def _cosine(a: Matrix, b: Matrix) -> Vector:
    """Return the normalised product of two views' scores, over images that both have."""
    both = np.isfinite(a[:, 0]) & np.isfinite(b[:, 0])
    norm = np.sqrt((a[both] ** 2).sum(axis=0) * (b[both] ** 2).sum(axis=0))
    product = (a[both] * b[both]).sum(axis=0)
    result: Vector = np.divide(product, norm, out=np.full(norm.shape, np.nan), where=norm > 0)
    return result
