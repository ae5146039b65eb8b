"""The trial table of any dataset: from what was shown when to numbered, counted trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from repalign.errors import RepalignError
from repalign.kernels.showings import chronological_count

TRIAL_DTYPES = {
    "subject": np.uint8,
    "trial": np.uint16,
    "session": np.uint8,
    "session_trial": np.uint16,
    "run": np.uint8,
    "stimulus": np.uint32,
    "repetition": np.uint8,
    "shared": np.bool_,
}
"""Columns of `trials.parquet`, in order."""


def trials_of_presentations(shown: pd.DataFrame) -> pd.DataFrame:
    """Make trials of presentations: number them, and count the showings of each stimulus.

    Parameters
    ----------
    shown : DataFrame
        A row a presentation, in the order of the recording within each subject: subject,
        session, run (1-based) and stimulus (row in the stimulus table).

    Returns
    -------
    DataFrame
        The columns of `TRIAL_DTYPES`, ordered by subject. `repetition` counts earlier showings
        to the subject, whatever names or files say about repetitions; `shared` tells whether
        every subject of the table is shown the stimulus.
    """
    ordered = shown.sort_values("subject", kind="stable", ignore_index=True)
    subject = ordered["subject"].to_numpy(dtype=np.int64)
    stimulus = ordered["stimulus"].to_numpy(dtype=np.int64)
    n_stimuli = int(stimulus.max(initial=0)) + 1
    viewers = ordered.groupby("stimulus")["subject"].nunique()
    common = viewers.index[viewers == ordered["subject"].nunique()].to_numpy()
    return narrowed(
        {
            "subject": subject,
            "trial": chronological_count(subject),
            "session": ordered["session"].to_numpy(),
            "session_trial": chronological_count(
                subject * (int(ordered["session"].max()) + 1) + ordered["session"].to_numpy()
            ),
            "run": ordered["run"].to_numpy(),
            "stimulus": stimulus,
            "repetition": chronological_count(subject * n_stimuli + stimulus),
            "shared": np.isin(stimulus, common),
        }
    )


def check_order(shown: pd.DataFrame, subjects: Sequence[int], where: str, remedy: str) -> None:
    """Refuse presentations that lack a declared subject, or a session or run between others.

    Parameters
    ----------
    shown : DataFrame
        As for `trials_of_presentations`.
    subjects : sequence of int
        Subjects that must be there.
    where : str
        The files, for messages.
    remedy : str
        What to do about a missing one.

    Raises
    ------
    RepalignError
        Naming the subject, session and run: a gap would shift the rows of all later trials.
    """
    present = sorted(int(subject) for subject in shown["subject"].unique())
    absent = sorted(set(subjects) - set(present))
    if absent:
        raise RepalignError(
            f"no trial of subject(s) {absent} (found: {present})",
            where=where,
            expected=f"trials of subjects {sorted(subjects)}",
            remedy=remedy,
        )
    for subject, own in shown.groupby("subject"):
        _check_count(own["session"], f"{where}, subject {subject}", "session", remedy)
        for session, part in own.groupby("session"):
            place = f"{where}, subject {subject}, session {session}"
            _check_count(part["run"], place, "run", remedy)


def _check_count(numbers: pd.Series[int], where: str, what: str, remedy: str) -> None:
    """Refuse numbers that are not 1, 2, ... in the order of the recording."""
    values = numbers.to_numpy(dtype=np.int64)
    found = values[np.flatnonzero(np.diff(values, prepend=0))].tolist()
    if found != list(range(1, len(found) + 1)):
        raise RepalignError(
            f"{what}s {found}",
            where=where,
            expected=f"{what}s 1, 2, ... without a gap, each in one piece",
            remedy=remedy,
        )


def narrowed(columns: Mapping[str, NDArray[np.generic]]) -> pd.DataFrame:
    """Cast columns to the types of `TRIAL_DTYPES`; a value that does not fit is an error.

    Parameters
    ----------
    columns : mapping of str to ndarray, shape (n_trials,)
        Values by column name; others than those of `TRIAL_DTYPES` are left out.

    Returns
    -------
    DataFrame
        One row a trial, in the column order of `TRIAL_DTYPES`.

    Raises
    ------
    ValueError
        Naming the column and its largest value.
    """
    frame: dict[str, NDArray[np.generic]] = {}
    for name, dtype in TRIAL_DTYPES.items():
        values = np.asarray(columns[name])
        if values.size and not np.array_equal(values.astype(dtype), values):
            msg = f"column {name} holds {values.max()}, too much for {np.dtype(dtype).name}"
            raise ValueError(msg)
        frame[name] = values.astype(dtype)
    return pd.DataFrame(frame)
