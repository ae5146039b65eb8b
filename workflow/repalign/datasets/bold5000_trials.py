"""The trials of BOLD5000: from the presentation lists, or from BIDS events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from repalign.datasets.bids_events import read_events
from repalign.datasets.bold5000_images import (
    REPEATED,
    Presentation,
    read_presentations,
    source_of,
)
from repalign.datasets.csv_columns import read_csv, to_integers
from repalign.datasets.trial_table import check_order, trials_of_presentations
from repalign.errors import RepalignError

IMAGE_COLUMNS = ("bold_id", "image_name", "stim_source", "image_path")
"""Columns of the image index, `images.csv`; the number of the row is `bold_position`."""

_REMEDY = "Fetch what is missing, or correct bold5000.subjects and bold5000.sessions."


def read_bold5000_events(paths: Sequence[str | Path]) -> list[Presentation]:
    """Read what was shown from the BIDS events of all runs; the same as the lists.

    Parameters
    ----------
    paths : sequence of str or Path
        `sub-CSI{S}_ses-NN_task-5000scenes_run-RR_events.tsv`.

    Returns
    -------
    list of Presentation
        In the order of subject, session, run and trial, as `bold5000_images.read_presentations`.

    Raises
    ------
    RepalignError
        As `bids_events.read_events`, and if `ImgType` contradicts the source that an image's name
        tells.
    """
    events = read_events(paths, ("ImgName", "ImgType"))
    names = events["ImgName"].str.removeprefix(REPEATED)
    said = events["ImgType"].str.removeprefix(REPEATED)
    wrong = np.flatnonzero(said.to_numpy() != names.map(source_of).to_numpy())
    if wrong.size:
        row = events.iloc[int(wrong[0])]
        raise _error(
            f"ImgType {row['ImgType']} of {row['ImgName']}",
            f"events of subject {row['subject']}, session {row['session']}, run {row['run']}",
            f"the source that the name tells, {source_of(names.iloc[int(wrong[0])])}",
            "Fetch the file again.",
        )
    columns = [events[name].tolist() for name in ("subject", "session", "run")]
    return [Presentation(*values) for values in zip(*columns, names, strict=True)]


def read_order(lists: Sequence[str | Path], events: Sequence[str | Path]) -> list[Presentation]:
    """Read what was shown from whichever source there is: events if any, else folders of lists."""
    if events:
        return read_bold5000_events(events)
    return [shown for folder in lists for shown in read_presentations(folder)]


def shown_to(presentations: Sequence[Presentation], sessions: Mapping[int, int]) -> pd.DataFrame:
    """Lay out the presentations of some subjects and sessions as a table.

    Parameters
    ----------
    presentations : sequence of Presentation
        In the order of the recording, of these subjects at least.
    sessions : mapping of int to int
        Number of sessions of each subject to take: the first ones.

    Returns
    -------
    DataFrame
        A row a trial in the order of the recording: subject, session, run (int) and image_name.

    Raises
    ------
    RepalignError
        If a subject has fewer sessions, or a session or run is missing between others.
    """
    rows = [(p.subject, p.session, p.run, p.image_name) for p in presentations]
    shown = pd.DataFrame(rows, columns=["subject", "session", "run", "image_name"])
    shown = shown.loc[shown["subject"].isin(list(sessions))]
    check_order(shown, list(sessions), "trial order of BOLD5000", _REMEDY)
    for subject, n_sessions in sessions.items():
        there = int(shown.loc[shown["subject"] == subject, "session"].max())
        if there < n_sessions:
            raise _error(f"{there} sessions of subject {subject}", "trial order of BOLD5000",
                         f"{n_sessions}, as bold5000.sessions says", _REMEDY)  # fmt: skip
    limit = shown["subject"].map(dict(sessions))
    return shown.loc[shown["session"] <= limit].reset_index(drop=True)


def read_bold5000_images(path: str | Path) -> pd.DataFrame:
    """Read the image index and number its rows.

    Parameters
    ----------
    path : str or Path
        `images.csv`, a row an image in the order of the first presentation.

    Returns
    -------
    DataFrame
        The columns of `IMAGE_COLUMNS`, `bold_position` (row: 0, 1, 2, ..., dense, the row of
        feature files) and `name` (lower-case stem).

    Raises
    ------
    RepalignError
        If a column is missing, `bold_id` does not ascend, or two images share a name.
    """
    images = read_csv(path, "the image index of BOLD5000")
    missing = [name for name in IMAGE_COLUMNS if name not in images]
    if missing:
        raise _error(f"no column {missing[0]}", path, f"the columns {', '.join(IMAGE_COLUMNS)}",
                     "Index the images again.")  # fmt: skip
    to_integers(images, "bold_id", path)
    images = images[list(IMAGE_COLUMNS)].assign(
        bold_position=np.arange(len(images)), name=images["image_name"].map(stem_of)
    )
    if not images["bold_id"].is_monotonic_increasing or images["bold_id"].duplicated().any():
        raise _error("ids that do not ascend", f"{path}, column bold_id",
                     "images in the order of their first presentation",
                     "Index the images again.")  # fmt: skip
    twice = images.loc[images["name"].duplicated(), "name"]
    if len(twice):
        raise _error(f"{twice.iloc[0]} twice", f"{path}, column image_name",
                     "lower-case stems that are unique", "Index the images again.")  # fmt: skip
    return images


def stem_of(image_name: str) -> str:
    """Return the name that identifies an image: its lower-case stem."""
    return Path(image_name).stem.lower()


def with_image_ids(shown: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """Add the ids of the images to presentations, matched by lower-case stem.

    Parameters
    ----------
    shown : DataFrame
        As `shown_to` returns it.
    images : DataFrame
        As `read_bold5000_images` returns it.

    Returns
    -------
    DataFrame
        `shown` in its order, with name, bold_id, bold_position and stim_source.

    Raises
    ------
    RepalignError
        If an image that was shown is not in the index.
    """
    named = shown.assign(name=shown["image_name"].map(stem_of))
    known = named["name"].isin(images["name"])
    if not known.all():
        lost = named.loc[~known].iloc[0]
        raise _error(
            f"{int((~known).sum())} presentations of images that are not there, first "
            f"{lost['image_name']} (subject {lost['subject']}, session {lost['session']}, run "
            f"{lost['run']})",
            "images of BOLD5000",
            "every image that was shown",
            "Fetch the images and lists of BOLD5000 again and index them.",
        )
    columns = ["name", "bold_id", "bold_position", "stim_source"]
    return named.merge(images[columns], on="name", how="left", validate="many_to_one")


def bold5000_trials(shown: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """Make the prepared trial table: `trial_table.trials_of_presentations` of the images shown.

    Parameters
    ----------
    shown : DataFrame
        As `shown_to` returns it.
    images : DataFrame
        As `read_bold5000_images` returns it.

    Returns
    -------
    DataFrame
        A row a trial; `stimulus` is `bold_position`, `repetition` counts from 0.
    """
    indexed = with_image_ids(shown, images)
    return trials_of_presentations(indexed.rename(columns={"bold_position": "stimulus"}))


def bold5000_stimuli(images: pd.DataFrame) -> pd.DataFrame:
    """Make the prepared stimulus table.

    Parameters
    ----------
    images : DataFrame
        As `read_bold5000_images` returns it.

    Returns
    -------
    DataFrame
        stimulus, bold_position (uint32, equal), bold_id (uint32, with gaps), name, image_name,
        subset (coco, imagenet or scenes) and file.
    """
    position = images["bold_position"].to_numpy(dtype=np.uint32)
    return pd.DataFrame(
        {
            "stimulus": position,
            "bold_position": position,
            "bold_id": images["bold_id"].to_numpy(dtype=np.uint32),
            "name": images["name"].astype(str),
            "image_name": images["image_name"].astype(str),
            "subset": images["stim_source"].astype(str),
            "file": images["image_path"].astype(str),
        }
    )


def session_counts(trials: pd.DataFrame, subject: int) -> dict[int, int]:
    """Count the trials of each session of a subject.

    Parameters
    ----------
    trials : DataFrame
        The prepared trials.
    subject : int
        Subject number.

    Returns
    -------
    dict of int to int
        Trials by session, the number of volumes that the session's betas must have.
    """
    counts = trials.loc[trials["subject"] == subject].groupby("session").size()
    return {int(str(session)): int(count) for session, count in counts.items()}


def _error(found: str, where: str | Path, expected: str, remedy: str) -> RepalignError:
    return RepalignError(found, where=where, expected=expected, remedy=remedy)
