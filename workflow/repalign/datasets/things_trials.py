"""The trials of THINGS-fMRI: from the table release's stimulus metadata, or from BIDS events."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from repalign.datasets.bids_events import read_events
from repalign.datasets.csv_columns import read_csv, to_integers
from repalign.datasets.trial_table import check_order, trials_of_presentations
from repalign.errors import RepalignError

METADATA_COLUMNS = ("trial_type", "session", "run", "subject_id", "trial_id", "stimulus")
TRIAL_TYPES = ("train", "test")
"""Images shown once, and images shown in every session. Catch trials have no responses."""

_EVENT_TYPES = {"exp": "train", "test": "test", "catch": None}
_REMEDY = "Fetch the file again, or leave the subject out of things.subjects."


def read_stimulus_metadata(paths: Sequence[str | Path], subjects: Sequence[int]) -> pd.DataFrame:
    """Read what was shown from `sub-0S_StimulusMetadata.csv`.

    Parameters
    ----------
    paths : sequence of str or Path
        A file a subject.
    subjects : sequence of int
        Subject of each file.

    Returns
    -------
    DataFrame
        A row a response trial in the order of the responses: subject, session, run (int),
        image_name (without its suffix) and trial_type (`train` or `test`).

    Raises
    ------
    RepalignError
        If a column is missing, a file is of another subject, trial ids are not 0, 1, 2, ... (a
        trial missing or there twice), or sessions or runs are not in order.
    """
    parts = []
    for path, subject in zip(paths, subjects, strict=True):
        table = read_csv(path, "the stimulus metadata of THINGS-fMRI")
        missing = [name for name in METADATA_COLUMNS if name not in table]
        if missing or table.empty:
            found = f"no column {missing[0]}" if missing else "no row"
            raise _error(found, path, f"a row a trial, columns {', '.join(METADATA_COLUMNS)}")
        for name in ("session", "run", "subject_id", "trial_id"):
            to_integers(table, name, path)
        _check_rows(table, path, subject)
        parts.append(
            pd.DataFrame(
                {
                    "subject": subject,
                    "session": table["session"],
                    "run": table["run"],
                    "image_name": _stems(table["stimulus"]),
                    "trial_type": table["trial_type"],
                }
            )
        )
    shown = pd.concat(parts, ignore_index=True)
    check_order(shown, subjects, "stimulus metadata of THINGS-fMRI", _REMEDY)
    return shown


def read_things_events(paths: Sequence[str | Path], subjects: Sequence[int]) -> pd.DataFrame:
    """Read what was shown from the BIDS events of all runs; the same as the metadata.

    Parameters
    ----------
    paths : sequence of str or Path
        `sub-0S_ses-thingsNN_task-things_run-RR_events.tsv`, of the subjects wanted at least.
    subjects : sequence of int
        Subjects to take.

    Returns
    -------
    DataFrame
        As `read_stimulus_metadata`. Catch trials are left out: the response tables have none.

    Raises
    ------
    RepalignError
        As `bids_events.read_events`, and for an unknown trial type, a missing subject, or a gap
        in sessions or runs.
    """
    events = read_events(paths, ("trial_type", "file_path"))
    unknown = sorted(set(events["trial_type"]) - set(_EVENT_TYPES))
    if unknown:
        raise _error(f"trial_type {unknown}", "events of THINGS-fMRI", f"{list(_EVENT_TYPES)}")
    events = events.loc[events["subject"].isin(subjects)]
    check_order(events, subjects, "events of THINGS-fMRI", _REMEDY)
    shown = events.loc[events["trial_type"] != "catch"]
    return pd.DataFrame(
        {
            **{name: shown[name] for name in ("subject", "session", "run")},
            "image_name": _stems(shown["file_path"].str.rsplit("/", n=1).str[-1]),
            "trial_type": shown["trial_type"].map(_EVENT_TYPES),
        }
    ).reset_index(drop=True)


def read_shown(
    metadata: Sequence[str | Path], events: Sequence[str | Path], subjects: Sequence[int]
) -> pd.DataFrame:
    """Read what was shown from whichever source there is: events if any, else metadata."""
    if events:
        return read_things_events(events, subjects)
    return read_stimulus_metadata(metadata, subjects)


def with_image_index(shown: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """Add the columns of the image index to presentations, matched by name.

    Parameters
    ----------
    shown : DataFrame
        As `read_stimulus_metadata` returns it.
    images : DataFrame
        As `read_things_images` returns it.

    Returns
    -------
    DataFrame
        `shown` in its order, with things_id, category, category_id and image_category_index.

    Raises
    ------
    RepalignError
        If an image that was shown is not in the index.
    """
    known = shown["image_name"].isin(images["image_name"])
    if not known.all():
        lost = shown.loc[~known].iloc[0]
        raise _error(
            f"{int((~known).sum())} presentations of images that are not there, first "
            f"{lost['image_name']} (subject {lost['subject']}, session {lost['session']}, run "
            f"{lost['run']})",
            "images of THINGS",
            "every image that was shown",
            "Fetch all THINGS images (26,107 in 1,854 folders) and index them again.",
        )
    columns = ["image_name", "things_id", "category", "category_id", "image_category_index"]
    return shown.merge(images[columns], on="image_name", how="left", validate="many_to_one")


def things_trials(shown: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """Make the prepared trial table: `trial_table.trials_of_presentations` of the images shown.

    Parameters
    ----------
    shown : DataFrame
        As `read_stimulus_metadata` returns it.
    images : DataFrame
        As `read_things_images` returns it.

    Returns
    -------
    DataFrame
        A row a response trial; `stimulus` is `things_id`, `repetition` counts from 0.
    """
    indexed = with_image_index(shown, images)
    return trials_of_presentations(indexed.rename(columns={"things_id": "stimulus"}))


def things_stimuli(shown: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """Make the prepared stimulus table: every THINGS image, shown or not.

    Parameters
    ----------
    shown : DataFrame
        As `read_stimulus_metadata` returns it.
    images : DataFrame
        As `read_things_images` returns it.

    Returns
    -------
    DataFrame
        stimulus, things_id (uint32, equal), image_name, category, category_id (uint16), subset
        (`train`, `test`, or empty where no subject is shown the image) and file.

    Raises
    ------
    RepalignError
        If an image is shown as `train` and as `test`, or a trial type is another one.
    """
    kinds = shown[["image_name", "trial_type"]].drop_duplicates()
    unknown = sorted(set(kinds["trial_type"]) - set(TRIAL_TYPES))
    both = kinds.loc[kinds["image_name"].duplicated(), "image_name"]
    if unknown or len(both):
        found = f"trial type {unknown[0]}" if unknown else f"{both.iloc[0]} as both types"
        raise _error(found, "trials of THINGS-fMRI", "each image as train or as test")
    subset = images["image_name"].map(kinds.set_index("image_name")["trial_type"]).fillna("")
    ids = images["things_id"].to_numpy(dtype=np.uint32)
    return pd.DataFrame(
        {
            "stimulus": ids,
            "things_id": ids,
            "image_name": images["image_name"].astype(str),
            "category": images["category"].astype(str),
            "category_id": images["category_id"].astype(np.uint16),
            "subset": subset.astype(str),
            "file": images["image_path"].astype(str),
        }
    )


def _check_rows(table: pd.DataFrame, path: str | Path, subject: int) -> None:
    """Refuse metadata whose rows are not the trials of one subject in order."""
    others = sorted(set(table["subject_id"]) - {subject})
    if others:
        raise _error(f"subject {others[0]}", f"{path}, column subject_id", f"subject {subject}")
    ids = table["trial_id"].to_numpy()
    wrong = np.flatnonzero(ids != np.arange(ids.size))
    if wrong.size:
        row = int(wrong[0])
        twice = ids[row] in ids[:row]
        raise _error(
            f"trial_id {ids[row]}{' a second time' if twice else ''}",
            f"{path}, data row {row + 1}",
            f"trial_id {row}: the trials in the order of the responses, each once",
        )


def _stems(names: pd.Series[str]) -> pd.Series[str]:
    """Return file names without their suffix."""
    return names.astype(str).str.removesuffix(".jpg")


def _error(
    found: str, where: str | Path, expected: str, remedy: str = "Fetch the file again."
) -> RepalignError:
    return RepalignError(found, where=where, expected=expected, remedy=remedy)
