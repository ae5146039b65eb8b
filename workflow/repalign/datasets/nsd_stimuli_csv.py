"""Trials and stimuli from a published `nsd_stimuli.csv`, for runs that start at ROI matrices."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from repalign.datasets.csv_columns import read_csv, to_flags, to_integers
from repalign.datasets.nsd_trials import stimulus_frame
from repalign.datasets.trial_table import narrowed
from repalign.errors import RepalignError
from repalign.kernels.showings import chronological_count

logger = logging.getLogger(__name__)

COLUMNS = (
    "subject", "subject_index", "session", "session_index", "nsd_id", "repetition", "flagged",
    "shared", "bold5000", "coco_id", "coco_split", "crop_box", "filename", "exists",
)  # fmt: skip
"""Columns of the published file, in order."""

_INTEGERS = ("subject", "subject_index", "session", "session_index", "nsd_id", "repetition")
_FLAGS = ("flagged", "shared", "bold5000", "exists")
_REMEDY = "Write nsd_stimuli.csv again, from nsd_stim_info_merged.csv."
UNKNOWN_RUN = 0


def trials_from_stimuli_csv(
    path: str | Path, subjects: Sequence[int], sessions: Mapping[int, int] | None = None
) -> pd.DataFrame:
    """Make the trial table from a file in the published layout.

    Parameters
    ----------
    path : str or Path
        `nsd_stimuli.csv`: a row a planned trial.
    subjects : sequence of int
        Subjects to take, 1-based.
    sessions : mapping of int to int, optional
        Number of recorded sessions of each subject. Without it the column `exists` decides,
        which tells what lay on the disk of whoever wrote the file; with it that column is not
        used, and a difference is logged.

    Returns
    -------
    DataFrame
        As `nsd_trials.prepared_trials`; `run` is 0 throughout, as the file does not know it.

    Raises
    ------
    RepalignError
        If a column is missing, numbers are not counted from where they should be, a recorded
        session is missing before another one (the rows of the matrices would shift), trials
        repeat or are missing, repetitions are not the chronological count, or the shared images
        do not agree between subjects.
    """
    table = _read(path)
    _check_bases(table, path)
    parts = []
    for subject in sorted(subjects):
        own = table.loc[table["subject"] == subject].sort_values("subject_index")
        if own.empty:
            known = sorted(set(table["subject"]))
            raise _error(f"no trial of subject {subject}", path, f"subjects {known}")
        n_sessions = _recorded_sessions(own, path, subject, sessions)
        recorded = own.loc[own["session"] <= n_sessions]
        _check_trials(recorded, path, subject, n_sessions)
        parts.append(recorded)
    trials = pd.concat(parts, ignore_index=True)
    _check_shared(trials, path)
    columns = {name: trials[name].to_numpy() for name in ("subject", "session", "repetition")}
    return narrowed(
        {
            **columns,
            "trial": trials["subject_index"].to_numpy(),
            "session_trial": trials["session_index"].to_numpy(),
            "run": np.full(len(trials), UNKNOWN_RUN),
            "stimulus": trials["nsd_id"].to_numpy(),
            "shared": trials["shared"].to_numpy(),
        }
    )


def stimuli_from_stimuli_csv(path: str | Path) -> pd.DataFrame:
    """Make the stimulus table from a file in the published layout.

    Parameters
    ----------
    path : str or Path
        `nsd_stimuli.csv`.

    Returns
    -------
    DataFrame
        As `nsd_trials.prepared_stimuli`, rows 0 to the largest id. An image that no trial shows
        has coco_id 0, an empty coco_split and no flag.
    """
    columns = ["nsd_id", "coco_id", "coco_split", "shared", "flagged", "bold5000"]
    known = _images(path, columns)
    dense = known.set_index("nsd_id").reindex(np.arange(known["nsd_id"].max() + 1))
    return stimulus_frame(
        ids=dense.index.to_numpy(dtype=np.int64),
        coco_id=dense["coco_id"].fillna(0).to_numpy(dtype=np.int64),
        coco_split=dense["coco_split"].fillna("").astype(str).tolist(),
        shared=(dense["shared"] == True).to_numpy(),  # noqa: E712 - missing values are not
        flagged=(dense["flagged"] == True).to_numpy(),  # noqa: E712
        bold5000=(dense["bold5000"] == True).to_numpy(),  # noqa: E712
    )


def pictures_of_stimuli_csv(path: str | Path) -> pd.DataFrame:
    """Return where each image comes from, from a file in the published layout.

    Parameters
    ----------
    path : str or Path
        `nsd_stimuli.csv`.

    Returns
    -------
    DataFrame
        nsd_id, coco_id, coco_split, crop_box and shared, a row an image that some trial shows.
    """
    return _images(path, ["nsd_id", "coco_id", "coco_split", "crop_box", "shared"])


def _images(path: str | Path, columns: list[str]) -> pd.DataFrame:
    """Return columns that describe images, each image once."""
    table = _read(path)
    to_integers(table, "coco_id", path)
    known = table[columns].drop_duplicates()
    if known["nsd_id"].duplicated().any():
        image = known.loc[known["nsd_id"].duplicated(), "nsd_id"].iloc[0]
        raise _error(f"different descriptions of image {image}", path, "one an image")
    return known


def _error(found: str, where: str | Path, expected: str, remedy: str = _REMEDY) -> RepalignError:
    return RepalignError(found, where=where, expected=expected, remedy=remedy)


def _read(path: str | Path) -> pd.DataFrame:
    table = read_csv(path, "nsd_stimuli.csv")
    missing = [name for name in COLUMNS if name not in table]
    if missing or table.empty:
        found = f"no column {missing[0]}" if missing else "no row"
        raise _error(found, path, f"a row a trial, with the columns {', '.join(COLUMNS)}")
    for name in _INTEGERS:
        to_integers(table, name, path)
    for name in _FLAGS:
        to_flags(table, name, path)
    return table


def _check_bases(table: pd.DataFrame, path: str | Path) -> None:
    """Refuse numbers that are counted from 1 where 0 is due, or the other way round."""
    for name, first in (("subject_index", 0), ("session_index", 0), ("session", 1),
                        ("repetition", 0)):  # fmt: skip
        lowest = int(table[name].min())
        if lowest != first:
            place = f"{path}, column {name}"
            found = f"numbers from {lowest}, so it is {lowest}-based"
            remedy = f"Subtract {lowest - first} from the column; was the file written by hand?"
            raise _error(found, place, f"a {first}-based column", remedy)
    ids = table["nsd_id"]
    if ids.min() == 1 and ids.max() == ids.nunique():
        place = f"{path}, column nsd_id"
        found = f"ids 1 to {ids.max()}, so they are 1-based"
        raise _error(found, place, "0-based ids", "Subtract 1 from nsd_id in the whole file.")


def _recorded_sessions(
    own: pd.DataFrame, path: str | Path, subject: int, sessions: Mapping[int, int] | None
) -> int:
    """Return how many sessions a subject has, after refusing a gap among them."""
    place = f"{path}, subject {subject}"
    planned = set(own["session"])
    existing = set(own.loc[own["exists"], "session"])
    if sessions is None:
        recorded, source = existing, "the column exists"
        if not existing:
            remedy = (
                "The column tells what was on disk when the file was written: give the numbers "
                "of sessions in nsd.sessions."
            )
            raise _error("no session that exists", place, "at least one", remedy)
    else:
        recorded, source = planned & set(range(1, sessions[subject] + 1)), "nsd.sessions"
        if existing != recorded:
            logger.warning("%s: exists names %d sessions, nsd.sessions %d: the latter counts",
                           place, len(existing), len(recorded))  # fmt: skip
    n_sessions = max(recorded, default=0) if sessions is None else sessions[subject]
    gaps = sorted(set(range(1, n_sessions + 1)) - recorded)
    if gaps:
        found = f"session {gaps[0]} missing, with later sessions up to {n_sessions}"
        remedy = (
            "The rows of all later sessions in the ROI matrices would shift. Add the session to "
            "the matrices and the file, or set nsd.sessions to the sessions before it."
        )
        raise _error(found, place, f"sessions 1 to {n_sessions} (from {source})", remedy)
    return n_sessions


def _check_trials(recorded: pd.DataFrame, path: str | Path, subject: int, n_sessions: int) -> None:
    """Refuse trials that are not 0, 1, 2, ... or whose sessions or repetitions do not follow."""
    index = recorded["subject_index"].to_numpy()
    wrong = np.flatnonzero(index != np.arange(index.size))
    if wrong.size:
        place = f"{path}, subject {subject}"
        found = f"subject_index {index[wrong[0]]} in place {wrong[0]}"
        raise _error(found, place, "every trial of the recorded sessions once, from 0 on")
    per_session, rest = divmod(index.size, n_sessions)
    expected = {
        "session": index // max(per_session, 1) + 1,
        "session_index": index % max(per_session, 1),
        "repetition": chronological_count(recorded["nsd_id"].to_numpy()),
    }
    for name, values in expected.items():
        wrong = np.flatnonzero(recorded[name].to_numpy() != values)
        if wrong.size or rest:
            at = int(wrong[0]) if wrong.size else index.size - 1
            place = f"{path}, subject {subject}, subject_index {at}"
            what = "the chronological count" if name == "repetition" else "sessions of one length"
            raise _error(f"{name} {recorded[name].iloc[at]}", place, f"{values[at]}: {what}")


def _check_shared(trials: pd.DataFrame, path: str | Path) -> None:
    """Refuse ids that shift between subjects: shared images come at the same trial for all."""
    shared = trials.loc[trials["shared"], ["subject", "subject_index", "nsd_id"]]
    first = shared.groupby("subject_index")["nsd_id"].transform("first")
    wrong = (shared["nsd_id"] != first).to_numpy()
    expected = "the same shared image at the same trial of every subject"
    if wrong.any():
        row = shared.iloc[int(wrong.argmax())]
        place = f"{path}, subject {row['subject']}, subject_index {row['subject_index']}"
        remedy = "Are ids of one subject 1-based, or its sessions out of order? " + _REMEDY
        raise _error(f"image {row['nsd_id']}", place, expected, remedy)
    n_flags = trials.groupby("nsd_id")["shared"].nunique()
    own = trials.loc[~trials["shared"]].groupby("nsd_id")["subject"].nunique()
    if (n_flags > 1).any() or (own > 1).any():
        image = n_flags.index[n_flags > 1].tolist() + own.index[own > 1].tolist()
        found = f"image {image[0]}, shown to several subjects but not always marked as shared"
        raise _error(found, f"{path}, column shared", expected)
