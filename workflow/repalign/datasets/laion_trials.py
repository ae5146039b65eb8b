"""Trials and stimuli of LAION-fMRI, joined by number of volume and name of image."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.datasets.csv_columns import to_integers
from repalign.datasets.laion_metadata import read_laion_table
from repalign.datasets.trial_table import check_order, trials_of_presentations
from repalign.errors import RepalignError
from repalign.tables.laion_layout import TRIAL_COLUMNS, owner_of

log = logging.getLogger("repalign")

_NUMBER = {name: re.compile(rf"(?:{name[:3]}-)?0*(\d+)") for name in ("session", "run")}
_CATEGORY = re.compile(r"_OOD_([^_]+)_")
_FETCH = "Fetch the file again; do not sort or cut it."


def read_session_trials(path: str | Path, session: int) -> pd.DataFrame:
    """Read the trials of one session, in the order of the volumes of its betas.

    Parameters
    ----------
    path : str or Path
        `*_desc-SingletrialBetas_trials.tsv`.
    session : int
        The session that the file is of.

    Returns
    -------
    DataFrame
        Columns `beta_index` (int64, 0 to n - 1, ascending), `run` (int64) and `label` (str).

    Raises
    ------
    RepalignError
        Naming the row, if the file is not there or has other columns, a row is of another
        session or holds no whole number, or `beta_index` does not name each volume once.

    Notes
    -----
    `beta_index` says which volume a row describes, and rows are put into its order with a
    warning if they are in another one. The public client takes them as they come.
    """
    table = _read_table(path)
    for name in _NUMBER:
        table[name] = _numbers(table[name], name, path)
    to_integers(table, "beta_index", path)
    strange = (table["session"] != session).to_numpy()
    if strange.any():
        row = int(strange.argmax())
        raise _error(f"session {table['session'].iloc[row]}", path, row, f"session {session}")
    index = table["beta_index"].to_numpy()
    first, missing = disordered_row(index), np.setdiff1d(np.arange(len(index)), index)
    if missing.size:
        twice = table["beta_index"].duplicated() | (index >= len(index))
        row = int(twice.to_numpy().argmax())
        found = f"beta_index {index[row]}, and none that is {missing[0]}"
        raise _error(found, path, row, f"the numbers 0 to {len(index) - 1}, each once")
    if first is not None:
        log.warning(
            "%s, data row %d: beta_index %d: rows are not in the order of the volumes, and are "
            "put into it",
            path,
            first + 1,
            index[first],
        )
    ordered = table.sort_values("beta_index", kind="stable", ignore_index=True)
    return ordered[["beta_index", "run", "label"]]


def disordered_row(beta_index: npt.NDArray[np.int64]) -> int | None:
    """Find the first row that does not describe the volume of its own number.

    Parameters
    ----------
    beta_index : ndarray of int64, shape (n_trials,)
        Volume of each row.

    Returns
    -------
    int or None
        From 0; None if there is none.
    """
    wrong = np.flatnonzero(beta_index != np.arange(len(beta_index)))
    return int(wrong[0]) if wrong.size else None


def read_presentations(
    tables: Mapping[tuple[int, int], str | Path], metadata: pd.DataFrame
) -> pd.DataFrame:
    """Read what was shown when, and find the images in the table of images by their names.

    Parameters
    ----------
    tables : mapping
        Trial table of each subject and session, sessions from 1.
    metadata : DataFrame
        As `laion_metadata.read_metadata` returns it.

    Returns
    -------
    DataFrame
        subject, session, run and stimulus (row of `metadata`), in the order of the recording.

    Raises
    ------
    RepalignError
        Naming file and row, if an image is none of the table or belongs to another subject, or
        naming the subject, if runs or sessions are not 1, 2, ...
    """
    rows = dict(zip(metadata["image_name"], range(len(metadata)), strict=True))
    parts = []
    for (subject, session), path in sorted(tables.items()):
        shown = read_session_trials(path, session)
        _check_labels(shown["label"], subject, rows, path)
        stimulus = shown["label"].map(rows).to_numpy(np.int64)
        parts.append(
            pd.DataFrame(
                {"subject": subject, "session": session, "run": shown["run"], "stimulus": stimulus}
            )
        )
    shown = pd.concat(parts, ignore_index=True)
    subjects = sorted({subject for subject, _ in tables})
    check_order(shown, subjects, "the trial tables", "Fetch the tables that are missing.")
    return shown


def laion_trials(shown: pd.DataFrame, metadata: pd.DataFrame) -> pd.DataFrame:
    """Return the trials of the prepared dataset.

    Parameters
    ----------
    shown : DataFrame
        As `read_presentations` returns it.
    metadata : DataFrame
        As `laion_metadata.read_metadata` returns it.

    Returns
    -------
    DataFrame
        A row a trial. `shared`: all subjects were shown the image, and the table of images says
        that they all are.

    Raises
    ------
    RepalignError
        If a subject was shown an image more often than planned.
    """
    trials = trials_of_presentations(shown)
    planned = metadata["n_reps"].to_numpy()[trials["stimulus"].to_numpy(np.int64)]
    often = (trials["repetition"].to_numpy(np.int64) >= planned).nonzero()[0]
    if often.size:
        row = trials.iloc[often[0]]
        name = metadata["image_name"].iloc[int(row["stimulus"])]
        raise RepalignError(
            f"{name} shown {int(row['repetition']) + 1} times",
            where=f"subject {row['subject']}, session {row['session']}",
            expected=f"at most n_reps = {planned[often[0]]} showings",
            remedy="Compare the trial tables with the table of images; one of them is wrong.",
        )
    shared = metadata["shared"].to_numpy()[trials["stimulus"].to_numpy(np.int64)]
    unseen = int(np.count_nonzero(shared & ~trials["shared"]))
    if unseen:
        log.warning("%d trials of shared images that some subject was never shown", unseen)
    return trials.assign(shared=trials["shared"] & shared)


def short_images(trials: pd.DataFrame, metadata: pd.DataFrame) -> dict[int, dict[int, int]]:
    """Return which images some subject saw less often than planned.

    Parameters
    ----------
    trials : DataFrame
        Trials of some subjects.
    metadata : DataFrame
        As `laion_metadata.read_metadata` returns it.

    Returns
    -------
    dict of int to dict of int to int
        By stimulus, showings by subject: only images and subjects that fall short. A subject
        that never saw a shared image, or one of its own, has 0.
    """
    subjects = sorted(int(subject) for subject in trials["subject"].unique())
    counts = np.zeros((len(metadata), len(subjects)), dtype=np.int64)
    places = np.searchsorted(subjects, trials["subject"])
    np.add.at(counts, (trials["stimulus"].to_numpy(np.int64), places), 1)
    owners = [owner_of(name) for name in metadata["image_name"]]
    planned, shared = metadata["n_reps"].to_numpy(), metadata["shared"].to_numpy()
    found: dict[int, dict[int, int]] = {}
    for row, (owner, is_shared) in enumerate(zip(owners, shared, strict=True)):
        for place, subject in enumerate(subjects):
            if (is_shared or owner == subject) and counts[row, place] < planned[row]:
                found.setdefault(row, {})[subject] = int(counts[row, place])
    return found


def laion_stimuli(metadata: pd.DataFrame, short: Mapping[int, Mapping[int, int]]) -> pd.DataFrame:
    """Return the stimuli of the prepared dataset: all images, in the order of their table.

    Parameters
    ----------
    metadata : DataFrame
        As `laion_metadata.read_metadata` returns it.
    short : mapping
        As `short_images` returns it.

    Returns
    -------
    DataFrame
        A row an image.
    """
    n_images = len(metadata)
    names, ood = metadata["image_name"], metadata["ood"].to_numpy()
    categories = names.str.extract(_CATEGORY, expand=False).fillna("")
    return pd.DataFrame(
        {
            "stimulus": np.arange(n_images, dtype=np.uint32),
            "laion_id": np.arange(n_images, dtype=np.uint32),
            "image_name": names,
            "dataset": metadata["dataset"],
            "shared": metadata["shared"],
            "owner": np.array([owner_of(name) or 0 for name in names], dtype=np.uint8),
            "n_reps": metadata["n_reps"].astype(np.uint8),
            "short": np.isin(np.arange(n_images), list(short)),
            "ood": ood,
            "ood_category": categories.where(ood, ""),
        }
    )


def _read_table(path: str | Path) -> pd.DataFrame:
    """Read a trial table as text."""
    if not Path(path).is_file():
        raise RepalignError(
            "no such file",
            where=path,
            expected="the trial table of the session, which says what its betas are of",
            remedy="Fetch it, or set the number of sessions in laion.sessions.",
        )
    table = read_laion_table(path, "the trial table of a session", TRIAL_COLUMNS, separator="\t")
    if table.empty:
        raise RepalignError("no row", where=path, expected="a row a volume", remedy=_FETCH)
    return table


def _numbers(values: pd.Series[str], name: str, path: str | Path) -> pd.Series[int]:
    """Return sessions or runs as numbers, written `ses-03`, `03` or `3`."""
    found = values.str.fullmatch(_NUMBER[name])
    if not found.all():
        row = int((~found).to_numpy().argmax())
        raise _error(f"{name} {values.iloc[row]!r}", path, row, "a number from 1")
    return values.str.extract(_NUMBER[name], expand=False).astype(np.int64)


def _check_labels(
    labels: pd.Series[str], subject: int, rows: Mapping[str, int], path: str | Path
) -> None:
    """Refuse images that are not in the table of images, or that another subject is shown."""
    for row, label in enumerate(labels):
        if label not in rows:
            raise _error(f"label {label!r}", path, row, "an image_name of the table of images")
        owner = owner_of(label)
        if owner not in (None, subject):
            raise _error(
                f"{label}, an image of subject {owner} alone", path, row, f"subject {subject}'s"
            )


def _error(found: str, path: str | Path, row: int, expected: str) -> RepalignError:
    where = f"{path}, data row {row + 1}"
    return RepalignError(found, where=where, expected=expected, remedy=_FETCH)
