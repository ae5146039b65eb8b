"""Subsets of stimuli, and the trials of a subject that belong to one."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from repalign.datasets.matching import trial_set
from repalign.errors import RepalignError
from repalign.tables.columns import field
from repalign.tables.parquet import read_table

Rows = npt.NDArray[np.int64]

SUBSET = pa.schema([field("stimulus", pa.uint32(), "stimulus that belongs to the subset")])
SUBSET_OF_SHOWINGS = SUBSET.append(
    field("showings", pa.uint8(), "showings that take part trial by trial, the first ones")
)
"""The same where later showings are left out of comparisons of single trials."""


def read_subset(path: str | Path) -> Rows:
    """Read the stimuli of a subset, ascending."""
    return np.sort(_read(path).column("stimulus").to_numpy().astype(np.int64))


def in_subset(path: str | Path, stimuli: Rows, repetitions: Rows) -> npt.NDArray[np.bool_]:
    """Say which trials belong to a subset.

    Parameters
    ----------
    path : str or Path
        File of the subset.
    stimuli, repetitions : ndarray of int64, shape (n_trials,)
        What the trials show, and how often it was shown before.

    Returns
    -------
    ndarray of bool, shape (n_trials,)
        Trials of its stimuli; of a subset of showings, the first ones alone.
    """
    table = _read(path)
    members = table.column("stimulus").to_numpy().astype(np.int64)
    chosen: npt.NDArray[np.bool_] = np.isin(stimuli, members)
    if "showings" in table.column_names and chosen.any():
        order = np.argsort(members)
        places = order[np.searchsorted(members, stimuli[chosen], sorter=order)]
        chosen[chosen] = repetitions[chosen] < table.column("showings").to_numpy()[places]
    return chosen


def _read(path: str | Path) -> pa.Table:
    """Read a subset, with or without a column of showings."""
    has_showings = "showings" in read_table(path).column_names
    return read_table(path, SUBSET_OF_SHOWINGS if has_showings else SUBSET)


def stimuli_of(path: str | Path, name: str) -> Rows:
    """Return the stimuli of one source or kind of image.

    Parameters
    ----------
    path : str or Path
        `stimuli.parquet` with a column `subset`.
    name : str
        Value of that column, such as coco or test.

    Returns
    -------
    ndarray of int64, shape (n,)
        Ascending.

    Raises
    ------
    RepalignError
        If there is no such column or value.
    """
    table = read_table(path)
    there = "subset" in table.column_names
    subset = table.column("subset").to_numpy() if there else np.array([], dtype=object)
    if name not in subset:
        known = ", ".join(sorted({str(value) for value in subset} - {""})) or "none"
        raise RepalignError(
            f"no stimulus of the subset {name}",
            where=path,
            expected=f"a subset that the dataset has: {known}",
            remedy="Ask for another subset.",
        )
    stimuli: Rows = table.column("stimulus").to_numpy()[subset == name].astype(np.int64)
    return np.sort(stimuli)


def check_count(n_trials: int, max_trials: int, where: str) -> None:
    """Refuse more trials than one RDM should have.

    Parameters
    ----------
    n_trials : int
        Matched trials.
    max_trials : int
        `rsa.max_trials`.
    where : str
        What is named in the message.

    Raises
    ------
    RepalignError
        With the size of the vectors of one region.
    """
    if n_trials > max_trials:
        raise RepalignError(
            f"{n_trials} matched trials, {2 * n_trials**2 / 2**20:.0f} MiB of RDM a region",
            where=where,
            expected=f"at most rsa.max_trials = {max_trials}",
            remedy="Shift repetitions or choose a subset of the images in config/derivatives.tsv, "
            "or raise rsa.max_trials.",
        )


def matched_trials(
    trials: pd.DataFrame,
    subject: int,
    partner: int,
    shift: int,
    role: Literal["x", "y"],
    n_repetitions: int,
    subset: Path | None,
) -> tuple[Rows, Rows]:
    """Return one side of a matched pair of subjects, on all shared stimuli or on a subset.

    Parameters
    ----------
    trials : DataFrame
        Trials of a prepared dataset.
    subject, partner, shift, role, n_repetitions
        As in `repalign.datasets.matching.trial_set`.
    subset : Path or None
        File of the stimuli that take part.

    Returns
    -------
    keys, rows : ndarray of int64, shape (n_trials,)
        What identifies each trial, ascending, and its row in the response matrices.
    """
    keys, rows = trial_set(trials, subject, partner, shift, role, n_repetitions)
    if subset is None:
        return keys, rows
    chosen = in_subset(subset, keys // n_repetitions, keys % n_repetitions)
    return keys[chosen], rows[chosen]


def subject_trials(
    trials: pd.DataFrame, subject: int, n_repetitions: int, subset: Path
) -> tuple[Rows, Rows]:
    """Return all trials of a subject that show shared stimuli of a subset.

    Parameters
    ----------
    trials : DataFrame
        Trials of a prepared dataset.
    subject : int
        Subject number.
    n_repetitions : int
        Planned showings of a stimulus.
    subset : Path
        File of the stimuli that take part.

    Returns
    -------
    keys, rows : ndarray of int64, shape (n_trials,)
        In the order of the recording.

    Raises
    ------
    RepalignError
        If the subset names stimuli that are not shared.
    """
    wanted = read_subset(subset)
    shared = np.unique(trials.loc[trials["shared"], "stimulus"].to_numpy(np.int64))
    strangers = np.setdiff1d(wanted, shared)
    if len(strangers):
        raise RepalignError(
            f"{len(strangers)} stimuli that are not shared, the first is {strangers[0]}",
            where=subset,
            expected="stimuli that all subjects are shown",
            remedy="Leave them out of the control or partition table.",
        )
    own = trials[(trials["subject"] == subject) & trials["shared"]].sort_values("trial")
    own = own[own["stimulus"].isin(wanted)]
    keys = own["stimulus"].to_numpy(np.int64) * n_repetitions + own["repetition"].to_numpy(
        np.int64
    )
    return keys, own["trial"].to_numpy(np.int64)


class SharedTrials(NamedTuple):
    """Trials of a subject that make one RDM of shared stimuli."""

    keys: Rows
    """stimulus * n_repetitions + repetition of each row of the RDM, ascending; of a mean, the
    first repetition that takes part."""
    rows: Rows
    """Rows of the response matrices."""
    images: Rows | None
    """Stimulus of each of `rows`, where their mean makes a row of the RDM."""


def shared_trials(
    trials: pd.DataFrame,
    subject: int,
    n_repetitions: int,
    mode: Literal["mean", "first", "all"],
    subset: Path | None = None,
) -> SharedTrials:
    """Return the trials of a subject that show shared stimuli.

    Parameters
    ----------
    trials : DataFrame
        Trials of a prepared dataset.
    subject : int
        Subject number.
    n_repetitions : int
        Planned showings of a stimulus.
    mode : {"mean", "first", "all"}
        Whether the mean of all trials of a stimulus makes a row of the RDM, the first trial that
        there is, or each trial one.
    subset : Path, optional
        File of the stimuli that take part, with all of their showings; all shared ones, if not
        given.

    Returns
    -------
    SharedTrials
        In the order of stimuli, then of repetitions.
    """
    keys, rows = trial_set(trials, subject, subject, 0, "x", n_repetitions)
    if subset is not None:
        chosen = np.isin(keys // n_repetitions, read_subset(subset))
        keys, rows = keys[chosen], rows[chosen]
    stimuli = keys // n_repetitions
    first = np.flatnonzero(np.diff(stimuli, prepend=-1))
    if mode == "all":
        return SharedTrials(keys, rows, None)
    return SharedTrials(keys[first], *((rows, stimuli) if mode == "mean" else (rows[first], None)))
