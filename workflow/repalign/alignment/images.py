"""RSA of mean responses to images: a subject with other subjects, models and itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from repalign.alignment.draws import Draws
from repalign.alignment.vectors import rank_vector
from repalign.datasets.response_folder import read_trials
from repalign.errors import RepalignError
from repalign.kernels.nulls import square_rdms
from repalign.kernels.pvalues import exceedance_pvalues
from repalign.kernels.quantiles import clip_limits
from repalign.kernels.ranks import Ties
from repalign.kernels.reliability import rdm_bounds, rdm_reliability
from repalign.tables.rdm_store import RdmReader

Vectors = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]
METRICS = ("pearson", "spearman")


@dataclass(frozen=True)
class Ceilings:
    """How similar an RDM can be to those of a subject, by region, shape (n_rois,).

    Attributes
    ----------
    reliability : ndarray of float64
        Split-half reliability of the subject's RDM, by Spearman-Brown.
    lower, upper : ndarray of float64
        Similarity with the mean RDM of all other subjects, and of all subjects.
    """

    reliability: Values
    lower: Values
    upper: Values


def same_images(rdms: Mapping[int, RdmReader], n_repetitions: int) -> npt.NDArray[np.int64]:
    """Return the images of the RDMs of all subjects, which must be the same ones.

    Parameters
    ----------
    rdms : mapping of int to RdmReader
        Image RDMs by subject.
    n_repetitions : int
        Showings of an image at most.

    Returns
    -------
    ndarray of int64, shape (n_images,)
        Ascending.

    Raises
    ------
    RepalignError
        If images or regions differ.
    """
    first = next(iter(rdms.values()))
    images = first.keys // n_repetitions
    for reader in rdms.values():
        same = np.array_equal(reader.keys // n_repetitions, images)
        if not same or not np.array_equal(reader.rois, first.rois):
            raise RepalignError(
                "other images or regions",
                where=reader.folder,
                expected=f"those of {first.folder}",
                remedy="Delete both folders and run the workflow again.",
            )
    return images


def scaled(vectors: Vectors, metric: str, ties: Ties) -> Vectors:
    """Return unit RDM vectors (n, n_pairs) whose dot products are similarities of a metric."""
    if metric == "pearson":
        return vectors
    return np.stack([rank_vector(vector, ties, None) for vector in vectors])


def rdm_ceilings(
    rdms: Mapping[int, RdmReader],
    subject: int,
    reliability: Values,
    metric: str,
) -> Ceilings:
    """Bound what any RDM can reach in each region of a subject.

    Parameters
    ----------
    rdms : mapping of int to RdmReader
        Image RDMs by subject, the subject's among them.
    subject : int
        The subject.
    reliability : ndarray of float64, shape (n_rois,)
        As `split_half_reliability` returns it.
    metric : {"pearson", "spearman"}
        How RDMs are compared.

    Returns
    -------
    Ceilings
        Of a subject alone, `lower` is NaN.
    """
    place = list(rdms).index(subject)
    n_rois = len(rdms[subject].rois)
    lower, upper = np.full((2, n_rois), np.nan)
    for row in range(n_rois):
        bounds = rdm_bounds(np.stack([reader.vector(row) for reader in rdms.values()]), metric)
        lower[row], upper[row] = bounds.lower[place], bounds.upper[place]
    return Ceilings(reliability, lower, upper)


def split_half_reliability(
    responses: Path,
    groups: Mapping[int, Sequence[int]],
    rows: npt.NDArray[np.int64],
    images: npt.NDArray[np.int64],
    metric: str,
    *,
    clip_quantile: float,
    n_splits: int,
    seed: int,
) -> tuple[Values, npt.NDArray[np.int64]]:
    """Estimate how well the RDM of each region would be reproduced.

    Parameters
    ----------
    responses : Path
        Matrices of the subject.
    groups : mapping of int to sequence of int
        Regions that are taken together.
    rows, images : ndarray of int64, shape (n_trials,)
        Trials that take part, and what they show.
    metric : {"pearson", "spearman"}
        How RDMs are compared.
    clip_quantile : float
        Responses are clipped as for the RDM itself.
    n_splits, seed : int
        Random halves of the repetitions.

    Returns
    -------
    reliability : ndarray of float64, shape (n_rois,)
        NaN where an RDM is not defined.
    n_voxels : ndarray of int64, shape (n_rois,)
        Voxels of each region.
    """
    reliability, n_voxels = np.full(len(groups), np.nan), np.zeros(len(groups), np.int64)
    for k, members in enumerate(groups.values()):
        patterns = read_trials(responses, members, rows)
        n_voxels[k] = patterns.shape[1]
        if n_voxels[k] < 2:
            continue
        if clip_quantile:
            patterns = np.clip(patterns, *clip_limits(patterns, clip_quantile))
        reliability[k] = rdm_reliability(patterns, images, metric, n_splits, seed).full
    return reliability, n_voxels


def compare_with_p(x: Vectors, y: Vectors, draws: Draws) -> tuple[Values, Values]:
    """Compare regions with layers, and with all permutations of the images.

    Parameters
    ----------
    x, y : ndarray of float32, shapes (n_rois, n_pairs) and (n_layers, n_pairs)
        Unit vectors.
    draws : Draws
        Permutations of images.

    Returns
    -------
    values, p : ndarray of float64, shape (n_rois, n_layers)
        Similarities, and the share of permutations that reach them; NaN where undefined.
    """
    values = x.astype(np.float64) @ y.astype(np.float64).T
    n_images = square_rdms(x[:1]).shape[1]
    keys = np.arange(n_images, dtype=np.int64)
    null = np.empty((draws.count, *values.shape))
    for chosen, products in draws.cross_products(square_rdms(x), square_rdms(y), keys):
        null[chosen] = products
    return values, exceedance_pvalues(values, null)


def pairwise_with_p(x: Vectors, y: Vectors, draws: Draws) -> tuple[Values, Values]:
    """Compare each region of a subject with the same region of another; see `compare_with_p`."""
    found = [compare_with_p(x[k : k + 1], y[k : k + 1], draws) for k in range(len(x))]
    values, p = (np.array([pair[side][0, 0] for pair in found]) for side in (0, 1))
    return values, p
