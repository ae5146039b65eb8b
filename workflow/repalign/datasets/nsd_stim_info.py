"""NSD's stimulus table: one row an image, with the trials at which each subject saw it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from repalign.datasets.csv_columns import read_csv, to_flags, to_integers
from repalign.datasets.nsd_design import Design
from repalign.errors import RepalignError

STIMULI_FILE = "nsd_stimuli.hdf5"
_COLUMNS = (
    "cocoId", "cocoSplit", "cropBox", "nsdId", "flagged", "BOLD5000", "shared1000",
)  # fmt: skip
_REMEDY = "Use the nsd_stim_info_merged.csv of the NSD release as it is."


def read_stim_info(path: str | Path) -> pd.DataFrame:
    """Read and check `nsd_stim_info_merged.csv`.

    Parameters
    ----------
    path : str or Path
        The table: an unnamed index, `cocoId, cocoSplit, cropBox, loss, nsdId` (0-based),
        `flagged, BOLD5000, shared1000`, `subject1...` (0 or 1) and `subject1_rep0...` (trial
        numbers, 1-based; 0 where the subject is not shown the image).

    Returns
    -------
    DataFrame
        The table under its own column names, without the index; flags are bool, numbers int64.
        `attrs["path"]` is the file's name.

    Raises
    ------
    RepalignError
        If it cannot be read, a column is missing, a value is not what its column holds, or
        `nsdId` is not 0, 1, 2, ...
    """
    table = read_csv(path, "nsd_stim_info_merged.csv")
    missing = [name for name in (*_COLUMNS, "subject1", "subject1_rep0") if name not in table]
    if missing:
        raise _error(f"no column {missing[0]}", path, "header", f"the columns {_COLUMNS} and more")
    for subject in subjects_of(table):
        to_flags(table, f"subject{subject}", path)
        for name in repetition_columns(table, subject):
            to_integers(table, name, path)
    for name in ("flagged", "BOLD5000", "shared1000"):
        to_flags(table, name, path)
    for name in ("cocoId", "nsdId"):
        to_integers(table, name, path)
    ids = table["nsdId"].to_numpy()
    if np.array_equal(ids, np.arange(1, ids.size + 1)):
        raise _error("ids from 1 on: they are 1-based", path, "column nsdId", "0-based ids")
    wrong = np.flatnonzero(ids != np.arange(ids.size))
    if wrong.size:
        row = int(wrong[0])
        raise _error(f"nsdId {ids[row]}", path, f"data row {row + 1}", f"{row}: rows in id order")
    table = table.loc[:, [name for name in table if not str(name).startswith("Unnamed")]]
    table.attrs["path"] = str(path)
    return table


def subjects_of(stim_info: pd.DataFrame) -> list[int]:
    """Return the subject numbers that the table has columns for, ascending."""
    names = [str(name).removeprefix("subject") for name in stim_info.columns]
    return sorted(int(name) for name in names if name.isdecimal())


def repetition_columns(stim_info: pd.DataFrame, subject: int) -> list[str]:
    """Return the names of a subject's trial-number columns, first repetition first."""
    prefix = f"subject{subject}_rep"
    names = [str(name) for name in stim_info.columns if str(name).startswith(prefix)]
    return sorted(names, key=lambda name: int(name.removeprefix(prefix)))


def planned_trials(
    stim_info: pd.DataFrame, subject: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return image and repetition of each planned trial of a subject.

    Parameters
    ----------
    stim_info : DataFrame
        As `read_stim_info` returns it.
    subject : int
        Subject number, 1-based.

    Returns
    -------
    images : ndarray, shape (n_trials,), int64
        `nsdId` of each trial.
    repetitions : ndarray, shape (n_trials,), int64
        Number of the column that names the trial, 0-based.

    Raises
    ------
    RepalignError
        If the trial numbers are not 1 to n_trials, each once, and ascending within an image.
    """
    path = stim_info.attrs.get("path", "nsd_stim_info_merged.csv")
    columns = repetition_columns(stim_info, subject)
    shown = stim_info.loc[stim_info[f"subject{subject}"]]
    numbers = shown[columns].to_numpy(dtype=np.int64)
    place = f"columns {columns[0]} to {columns[-1]}" if columns else f"subject{subject}_rep0"
    n_trials = numbers.size
    ordered = np.sort(numbers.ravel())
    if n_trials and np.array_equal(ordered, np.arange(n_trials)):
        raise _error("trial numbers from 0: they are 0-based", path, place, "1-based numbers")
    wrong = np.flatnonzero(ordered != np.arange(1, n_trials + 1))
    if wrong.size or not n_trials:
        found = f"{n_trials} trial numbers, of which {ordered[wrong[:1]].tolist()} is out of place"
        raise _error(found, path, place, f"the numbers 1 to {n_trials}, each once")
    descending = np.flatnonzero((np.diff(numbers, axis=1) <= 0).any(axis=1))
    if descending.size:
        row = int(descending[0])
        found = f"trials {numbers[row].tolist()} for image {shown['nsdId'].iloc[row]}"
        raise _error(found, path, place, "repetitions in chronological order")
    images = np.empty(n_trials, dtype=np.int64)
    repetitions = np.empty(n_trials, dtype=np.int64)
    images[numbers - 1] = shown["nsdId"].to_numpy()[:, None]
    repetitions[numbers - 1] = np.arange(len(columns))[None, :]
    return images, repetitions


def check_agreement(design: Design, stim_info: pd.DataFrame) -> None:
    """Refuse a design and a stimulus table that do not describe the same experiment.

    Every planned trial of every subject is compared.

    Raises
    ------
    RepalignError
        Naming subject, trial (1-based) and both image ids. If ids or trials agree once shifted
        by one, the message says which of them are counted from the wrong number.
    """
    path = stim_info.attrs.get("path", "nsd_stim_info_merged.csv")
    in_table, in_design = subjects_of(stim_info), list(range(1, design.n_subjects + 1))
    if in_table != in_design:
        raise _error(f"subjects {in_table}", path, "header", f"{in_design}, as in {design.path}")
    for subject in in_design:
        planned, (images, _) = design.trial_images(subject), planned_trials(stim_info, subject)
        if planned.size != images.size:
            found = f"{images.size} planned trials of subject {subject}"
            raise _error(found, path, "all rows", f"{planned.size}, as in {design.path}")
        wrong = np.flatnonzero(planned != images)
        if wrong.size:
            trial = int(wrong[0])
            raise RepalignError(
                f"image {images[trial]} at trial {trial + 1} of subject {subject} "
                f"({wrong.size} of {planned.size} trials disagree)",
                where=path,
                expected=f"image {planned[trial]} (0-based), as in {design.path}",
                remedy=_explain_disagreement(planned, images, int(stim_info["nsdId"].min())),
            )
    flagged = np.flatnonzero(stim_info["shared1000"].to_numpy())
    if not np.array_equal(flagged, np.sort(design.shared)):
        found = f"{flagged.size} images flagged, first difference at image "
        found += str(np.setxor1d(flagged, design.shared)[0])
        expected = f"the {design.shared.size} images of sharedix in {design.path}"
        raise _error(found, path, "column shared1000", expected)


def _explain_disagreement(
    planned: NDArray[np.int64], images: NDArray[np.int64], first_id: int
) -> str:
    if np.array_equal(images, planned + 1):
        if first_id == 1:
            return "nsdId is 1-based where 0-based ids are due: subtract 1 from the column."
        return "subjectim is 0-based where 1-based ids are due: add 1 to it."
    if np.array_equal(images, planned - 1):
        return "subjectim is one too high: its ids must be nsdId + 1. Subtract 1 from it."
    if np.array_equal(images[:-1], planned[1:]) or np.array_equal(images[1:], planned[:-1]):
        return "The trial numbers are shifted by one: subjectN_repM must count trials from 1."
    return "Use nsd_expdesign.mat and nsd_stim_info_merged.csv of the same release."


def _error(found: str, path: str | Path, place: str, expected: str) -> RepalignError:
    return RepalignError(found, where=f"{path}, {place}", expected=expected, remedy=_REMEDY)
