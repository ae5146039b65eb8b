"""Which trials of two subjects are compared: the same image, at shifted repetitions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from repalign.errors import RepalignError

Rows = NDArray[np.int64]

N_REPETITIONS = 3
"""Planned showings of each image in NSD. Another number must be given; more is refused."""


def match_trials(
    trials_i: pd.DataFrame, trials_j: pd.DataFrame, shift: int, n_repetitions: int = N_REPETITIONS
) -> tuple[Rows, Rows, Rows]:
    """Pair the shared trials of two subjects whose repetitions differ by the shift.

    Trial (image, repetition) of i is paired with (image, (repetition - shift) mod n_repetitions)
    of j, if j has it.

    Parameters
    ----------
    trials_i, trials_j : DataFrame
        Trials of one subject each, with the columns trial, stimulus, repetition (0-based) and
        shared of the prepared dataset. They may be restricted beforehand, e.g. to some images.
    shift : int
        Shift of the repetitions; 0 pairs equal ones.
    n_repetitions : int
        How often the experiment planned to show each image.

    Returns
    -------
    rows_i, rows_j : ndarray, shape (n_trials,), int64
        Rows of the response matrices. Row k of both is one matched pair; in the chronological
        order of i.
    keys : ndarray, shape (n_trials,), int64
        stimulus * n_repetitions + repetition of i.

    Raises
    ------
    RepalignError
        If a subject has an image and repetition twice, or a repetition out of range.
    """
    keys_i, rows_i = _keyed(trials_i, 0, n_repetitions)
    keys_j, rows_j = _keyed(trials_j, shift, n_repetitions)
    keys, at_i, at_j = np.intersect1d(keys_i, keys_j, assume_unique=True, return_indices=True)
    order = np.argsort(rows_i[at_i], kind="stable")
    return rows_i[at_i][order], rows_j[at_j][order], keys[order]


def trial_set(
    trials: pd.DataFrame,
    subject: int,
    partner: int,
    shift: int,
    role: Literal["x", "y"],
    n_repetitions: int = N_REPETITIONS,
) -> tuple[Rows, Rows]:
    """Return one side of a matched pair of subjects, ordered so that both sides correspond.

    `trial_set(trials, i, j, shift, "x", n)` and `trial_set(trials, j, i, shift, "y", n)` have the
    same keys, and row k of both is one matched pair of `match_trials` for the ordered pair (i, j).

    Parameters
    ----------
    trials : DataFrame
        Trials of all subjects, as in `trials.parquet`.
    subject : int
        The subject whose rows are wanted.
    partner : int
        The other subject of the pair; may be the same one.
    shift : int
        Shift of the repetitions.
    role : {"x", "y"}
        "x": the subject is i, the first of the pair. "y": the subject is j, the second.
    n_repetitions : int
        How often the experiment planned to show each image.

    Returns
    -------
    keys : ndarray, shape (n_trials,), int64
        stimulus * n_repetitions + repetition of i, ascending.
    rows : ndarray, shape (n_trials,), int64
        Rows of the subject's response matrices.

    Raises
    ------
    RepalignError
        If a subject has an image and repetition twice, or a repetition out of range.
    """
    if role not in ("x", "y"):
        msg = f"role must be 'x' or 'y', not {role!r}"
        raise ValueError(msg)
    own = trials.loc[trials["subject"] == subject]
    other = trials.loc[trials["subject"] == partner]
    # Keys carry the repetition of i, so it is the second of the pair that is shifted to it.
    own_shift, other_shift = (0, shift) if role == "x" else (shift, 0)
    keys, rows = _keyed(own, own_shift, n_repetitions)
    other_keys, _ = _keyed(other, other_shift, n_repetitions)
    matched = np.isin(keys, other_keys, assume_unique=True)
    order = np.argsort(keys[matched], kind="stable")
    return keys[matched][order], rows[matched][order]


def match_sessions(
    trials: pd.DataFrame,
    subject_i: int,
    subject_j: int,
    n_repetitions: int,
    stimuli: Rows | None = None,
) -> Iterator[tuple[int, Rows, Rows, Rows]]:
    """Pair equal showings of a stimulus to two subjects, by the sessions of the first.

    Unlike `match_trials`, all stimuli that these two subjects saw take part, whoever else did.

    Parameters
    ----------
    trials : DataFrame
        Trials of all subjects, as in `trials.parquet`.
    subject_i, subject_j : int
        The ordered pair.
    n_repetitions : int
        How often a stimulus is shown to a subject at most.
    stimuli : ndarray of int64, shape (n,), optional
        Stimuli that take part; repetitions are those of the whole table. All, if not given.

    Yields
    ------
    session : int
        Each session of i, in order; the trials of j come from any of its own.
    keys : ndarray, shape (n_trials,), int64
        stimulus * n_repetitions + repetition, in the order of i's recording.
    rows_i, rows_j : ndarray, shape (n_trials,), int64
        Rows of the response matrices; row k of both is one matched pair.

    Raises
    ------
    RepalignError
        As `match_trials`.
    """
    if stimuli is not None:
        chosen = trials["stimulus"].isin(stimuli)
    else:
        chosen = pd.Series(True, index=trials.index)
    own, other = (
        trials.loc[chosen & (trials["subject"] == subject)].assign(shared=True)
        for subject in (subject_i, subject_j)
    )
    rows_i, rows_j, keys = match_trials(own, other, 0, n_repetitions)
    order = np.argsort(own["trial"].to_numpy(dtype=np.int64), kind="stable")
    places = np.searchsorted(own["trial"].to_numpy(dtype=np.int64)[order], rows_i)
    sessions = own["session"].to_numpy(dtype=np.int64)[order][places]
    for session in np.unique(trials.loc[trials["subject"] == subject_i, "session"]).tolist():
        here = sessions == session
        yield int(session), keys[here], rows_i[here], rows_j[here]


def check_repetitions(trials: pd.DataFrame, n_repetitions: int) -> None:
    """Refuse trials that show a stimulus more often than it can be shown.

    Parameters
    ----------
    trials : DataFrame
        With the columns trial, stimulus and repetition (0-based) of the prepared dataset.
    n_repetitions : int
        Showings of a stimulus at most.

    Raises
    ------
    RepalignError
        Naming the first such trial.
    """
    repetition = trials["repetition"].to_numpy(dtype=np.int64)
    late = np.flatnonzero((repetition < 0) | (repetition >= n_repetitions))
    if late.size:
        raise _wrong_trial(trials, int(late[0]), f"repetitions 0 to {n_repetitions - 1}")


def _keyed(trials: pd.DataFrame, shift: int, n_repetitions: int) -> tuple[Rows, Rows]:
    """Return stimulus * n + (repetition + shift) mod n of the shared trials, and their rows."""
    shared = trials.loc[trials["shared"].to_numpy(dtype=bool)]
    check_repetitions(shared, n_repetitions)
    stimulus = shared["stimulus"].to_numpy(dtype=np.int64)
    repetition = shared["repetition"].to_numpy(dtype=np.int64)
    keys = stimulus * n_repetitions + (repetition + shift) % n_repetitions
    order = np.argsort(keys, kind="stable")
    twice = order[1:][np.diff(keys[order]) == 0]
    if twice.size:
        raise _wrong_trial(shared, int(twice[0]), "each repetition of an image once")
    return keys, shared["trial"].to_numpy(dtype=np.int64)


def _wrong_trial(trials: pd.DataFrame, place: int, expected: str) -> RepalignError:
    """Return the error for one trial."""
    row = trials.iloc[place]
    return RepalignError(
        f"image {row['stimulus']}, repetition {row['repetition']}",
        where=f"trials of subject {row.get('subject', '?')}, trial {row['trial']}",
        expected=expected,
        remedy=(
            "Prepare the trial table again; each trial must be there once. If BOLD5000 shows an "
            "image more often, raise bold5000.repetitions."
        ),
    )
