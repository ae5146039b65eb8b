"""RSA of subjects on mean responses to shared images, with noise ceilings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.alignment.rdm_sets import check_memory
from repalign.datasets.response_folder import read_trials
from repalign.errors import RepalignError
from repalign.kernels.comparison import COMPARISONS, rsa
from repalign.kernels.rdm import correlation_rdm, n_pairs
from repalign.kernels.reliability import RdmBounds, RdmReliability, rdm_bounds, rdm_reliability
from repalign.kernels.repetitions import mean_patterns

Ids = npt.NDArray[np.int64]
Groups = Mapping[int, Sequence[int]]


@dataclass(frozen=True)
class MeanRdms:
    """RDMs of all subjects and regions on the same images.

    Attributes
    ----------
    images : ndarray of int64, shape (n_images,)
        Stimuli, ascending.
    rdms : ndarray of float64, shape (n_subjects, n_rois, n_pairs)
        Correlation distances between mean responses; NaN for a region without units.
    reliability : list of list of RdmReliability, shape (n_subjects, n_rois)
        By split halves of the repetitions.
    n_units : ndarray of int64, shape (n_subjects, n_rois)
        Voxels or neurons.
    """

    images: Ids
    rdms: npt.NDArray[np.float64]
    reliability: list[list[RdmReliability]]
    n_units: Ids

    def similarity(self, comparison: str) -> npt.NDArray[np.float64]:
        """Compare all regions of all subjects, shape (n_subjects, n_rois, n_subjects, n_rois).

        NaN where an RDM is flat or undefined.
        """
        n_subjects, n_rois, length = self.rdms.shape
        flat = self.rdms.reshape(-1, length)
        units = np.array([COMPARISONS[comparison](rdm) for rdm in flat])
        square = rsa(units, units) if length else np.full((len(flat), len(flat)), np.nan)
        return square.reshape(n_subjects, n_rois, n_subjects, n_rois)

    def bounds(self, comparison: str) -> list[RdmBounds]:
        """Return the bounds that subjects set each other, a region at a time."""
        return [rdm_bounds(self.rdms[:, k], comparison) for k in range(self.rdms.shape[1])]


def common_images(trials: pd.DataFrame, subjects: Sequence[int], subset: Ids | None) -> Ids:
    """Return the images that all subjects were shown.

    Parameters
    ----------
    trials : DataFrame
        Trials of a prepared dataset.
    subjects : sequence of int
        The subjects.
    subset : ndarray of int64, optional
        Stimuli that take part; all by default.

    Returns
    -------
    ndarray of int64, shape (n_images,)
        Ascending.

    Raises
    ------
    RepalignError
        If there are fewer than three, for an RDM of fewer says nothing.
    """
    own = trials[trials["subject"].isin(subjects)]
    viewers = own.groupby("stimulus")["subject"].nunique()
    found = np.sort(viewers.index[viewers == len(subjects)].to_numpy(dtype=np.int64))
    if subset is not None:
        found = np.intersect1d(found, subset)
    if len(found) < 3:
        raise RepalignError(
            f"{len(found)} images that all of subjects {list(subjects)} were shown",
            where="trials.parquet",
            expected="three or more",
            remedy="Choose other subjects, or another subset of images in the catalogue.",
        )
    return found


def mean_rdms(
    trials: pd.DataFrame,
    subjects: Sequence[int],
    responses: Sequence[Path],
    groups: Groups,
    images: Ids,
    *,
    clip_quantile: float,
    comparison: str,
    n_splits: int,
    seed: int,
    memory_mb: int,
) -> MeanRdms:
    """Compute the RDMs of mean responses.

    Parameters
    ----------
    trials : DataFrame
        Trials of a prepared dataset; all repetitions of an image take part, however many.
    subjects : sequence of int
        The subjects.
    responses : sequence of Path
        Matrices of each subject.
    groups : mapping of int to sequence of int
        Regions that are taken together, by their id in tables.
    images : ndarray of int64, shape (n_images,)
        Stimuli, ascending; each subject was shown all of them.
    clip_quantile : float
        Quantile at which single responses are clipped; 0 clips nothing.
    comparison : str
        How RDMs are compared, for their reliability.
    n_splits, seed : int
        Split halves, the same ones for all regions of a subject.
    memory_mb : int
        Memory that may be used.

    Returns
    -------
    MeanRdms
        In the order of subjects and groups.

    Raises
    ------
    RepalignError
        If a region needs more memory, or responses cannot be read.
    """
    shape = (len(subjects), len(groups))
    rdms = np.full((*shape, n_pairs(len(images))), np.nan)
    n_units = np.zeros(shape, np.int64)
    reliability = []
    for row, (subject, folder) in enumerate(zip(subjects, responses, strict=True)):
        own = trials[(trials["subject"] == subject) & trials["stimulus"].isin(images)]
        own = own.sort_values(["stimulus", "repetition"])
        stimulus = own["stimulus"].to_numpy(dtype=np.int64)
        places = own["trial"].to_numpy(dtype=np.int64)
        of_subject = []
        for column, members in enumerate(groups.values()):
            patterns = read_trials(folder, list(members), places)
            check_memory(patterns.shape, memory_mb, f"{folder}, regions {list(members)}")
            n_units[row, column] = patterns.shape[1]
            if not patterns.shape[1]:
                of_subject.append(RdmReliability(np.nan, np.nan))
                continue
            means = mean_patterns(patterns, stimulus, clip_quantile or None)
            rdms[row, column] = correlation_rdm(means, None, np.float64)
            of_subject.append(
                rdm_reliability(patterns, stimulus, comparison, n_splits, seed + subject)
            )
        reliability.append(of_subject)
    return MeanRdms(images, rdms, reliability, n_units)


def ceiling_columns(
    found: MeanRdms, subjects: Sequence[int], rois: Sequence[int], comparison: str
) -> dict[str, Any]:
    """Return the columns of the table of ceilings, subjects major.

    Parameters
    ----------
    found : MeanRdms
        The RDMs.
    subjects, rois : sequence of int
        Their numbers.
    comparison : str
        How RDMs are compared.

    Returns
    -------
    dict of str to ndarray, shape (n_subjects * n_rois,)
        As in `RSA_CEILINGS`, without the columns that are the same in all rows.
    """
    bounds = found.bounds(comparison)
    flat = [r for of_subject in found.reliability for r in of_subject]
    return {
        "subject": np.repeat(np.array(subjects, np.uint8), len(rois)),
        "roi": np.tile(np.array(rois, np.uint16), len(subjects)),
        "n_units": found.n_units.ravel().astype(np.uint32),
        "reliability_half": np.array([r.half for r in flat]),
        "reliability": np.array([r.full for r in flat]),
        "upper": np.array([b.upper for b in bounds]).T.ravel(),
        "lower": np.array([b.lower for b in bounds]).T.ravel(),
    }
