"""RDM vectors of all regions of a subject on one set of trials, written to disk."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from repalign.alignment.vectors import VectorMaker
from repalign.datasets.response_folder import read_trials
from repalign.errors import RepalignError
from repalign.tables.progress import progress
from repalign.tables.rdm_store import write_rdms

log = logging.getLogger("repalign")


def write_rdm_set(
    folder: Path,
    responses: Path,
    groups: Mapping[int, Sequence[int]],
    keys: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int64],
    make: VectorMaker,
    *,
    min_trials: int,
    memory_mb: int,
) -> None:
    """Compute and write the vectors of a set of trials into an existing folder.

    Parameters
    ----------
    folder : Path
        A folder that is being made.
    responses : Path
        The subject's matrices, one a region.
    groups : mapping of int to sequence of int
        Regions that are taken together, by their id in tables.
    keys : ndarray of int64, shape (n_trials,)
        What identifies each trial.
    rows : ndarray of int64, shape (n_patterns,)
        Rows of the matrices, in the order of `keys`; more than keys if `make` takes means.
    make : VectorMaker
        What is computed of each region.
    min_trials : int
        With fewer trials all vectors are NaN.
    memory_mb : int
        Memory that may be used, in MiB.

    Raises
    ------
    RepalignError
        If a region needs more memory.
    """
    enough = len(keys) >= min_trials
    if not enough:
        log.warning(
            "%s: %d trials, fewer than rsa.min_trials = %d: all similarities are NaN",
            responses,
            len(keys),
            min_trials,
        )
    vector = make.empty(len(keys))
    undefined: list[int] = []
    with write_rdms(folder, list(groups), keys) as writer:
        for roi, members in progress(groups.items(), "regions", total=len(groups)):
            if enough:
                patterns = read_trials(responses, members, rows)
                check_memory(patterns.shape, memory_mb, f"{responses}, region {roi}")
                make(patterns, vector)
                if np.isnan(vector[:1]).any():
                    undefined.append(roi)
            writer.append(vector)
    if undefined:
        log.warning("%s: regions without an RDM: %s", responses, undefined)


def check_memory(shape: tuple[int, ...], limit_mb: int, where: str) -> None:
    """Refuse patterns whose RDM needs more memory than a job may use.

    Parameters
    ----------
    shape : tuple of int
        n_trials and n_dims.
    limit_mb : int
        `resources.memory_mb`.
    where : str
        What is named in the message.

    Raises
    ------
    RepalignError
        With the memory needed and the setting.
    """
    n_trials, n_dims = shape
    # Patterns as read and as float32, the product, the vector and the quantile's sample.
    needed_mb = (n_trials * n_dims * (2 + 4 + 4) + n_trials**2 * 4 * 1.5) / 2**20
    if needed_mb > limit_mb:
        raise RepalignError(
            f"{n_trials} trials x {n_dims} dimensions, which needs {needed_mb:.0f} MiB",
            where=where,
            expected=f"at most resources.memory_mb = {limit_mb} MiB",
            remedy="Raise resources.memory_mb in config/config.yaml.",
        )
