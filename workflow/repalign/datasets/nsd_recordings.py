"""What was extracted of NSD's subjects for assemblies: z-scores of any region and images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.datasets.nsd_betas import read_columns
from repalign.errors import RepalignError
from repalign.kernels.zscores import scores_from_sums
from repalign.tables.neuroids import Neuroids, read_neuroids
from repalign.tables.prepared import read_trials_table

Ids = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Recording:
    """What is there of a subject.

    Attributes
    ----------
    subject : int
        Subject number.
    neuroids : Neuroids
        The subject's neuroids.
    sessions : sequence of str or Path
        What was extracted of session 1, 2, ..., without a gap.
    trials : DataFrame
        The subject's trials: session, session_trial, stimulus, repetition.
    """

    subject: int
    neuroids: Neuroids
    sessions: Sequence[str | Path]
    trials: pd.DataFrame

    def scores(self, region: str, images: Ids, n_repetitions: int) -> FloatArray:
        """Return z-scores within session of all repetitions of images.

        Parameters
        ----------
        region : str
            Region whose neuroids are wanted.
        images : ndarray, shape (n_images,), int64
            Images wanted, ascending.
        n_repetitions : int
            Repetitions that each must have.

        Returns
        -------
        ndarray, shape (n_images, n_repetitions, n_neuroids), float64
            In the order of the images and of their showings.

        Raises
        ------
        RepalignError
            If a trial is not in what was extracted of its session.
        """
        columns = self.neuroids.regions[region]
        own = self.trials[self.trials["stimulus"].isin(images)]
        shape = (images.size, n_repetitions, columns.stop - columns.start)
        scores = np.full(shape, np.nan)
        for number, part in own.groupby("session"):
            if int(str(number)) > len(self.sessions):
                continue
            path = self.sessions[int(str(number)) - 1]
            session = read_columns(path, columns)
            wanted = part["session_trial"].to_numpy(np.int64)
            rows = np.searchsorted(session.trials, wanted).clip(max=session.trials.size - 1)
            if not np.array_equal(session.trials[rows], wanted):
                raise self._lacking(f"{path}", "all trials of shared images")
            scores[
                np.searchsorted(images, part["stimulus"].to_numpy(np.int64)),
                part["repetition"].to_numpy(np.int64),
            ] = scores_from_sums(
                session.betas[rows], session.sums, session.squares, session.n_trials
            )
        if np.isnan(scores).any():
            expected = f"{n_repetitions} showings of every image in {len(self.sessions)} sessions"
            raise self._lacking(f"subject {self.subject}", expected)
        return scores

    def _lacking(self, where: str, expected: str) -> RepalignError:
        return RepalignError(
            "trials that were not extracted",
            where=where,
            expected=expected,
            remedy="Delete the subject's extracted sessions and run the workflow again.",
        )


def open_recordings(
    subjects: Sequence[int],
    neuroids: Sequence[str | Path],
    sessions: Sequence[str | Path],
    trials: str | Path,
) -> list[Recording]:
    """Put together what is there of some subjects.

    Parameters
    ----------
    subjects : sequence of int
        The subjects, in order.
    neuroids : sequence of str or Path
        Table of neuroids of each.
    sessions : sequence of str or Path
        Extracted sessions 1, 2, ... of the first subject, then equally many of the next.
    trials : str or Path
        `trials.parquet`.

    Returns
    -------
    list of Recording
        One a subject.

    Raises
    ------
    RepalignError
        If a table cannot be read.
    ValueError
        If there are not equally many sessions of each subject, and one table of neuroids.
    """
    each, rest = divmod(len(sessions), len(subjects))
    if rest or len(neuroids) != len(subjects):
        raise ValueError(f"{len(sessions)} sessions, {len(neuroids)} tables of {len(subjects)}")
    table = read_trials_table(trials)
    return [
        Recording(
            subject,
            read_neuroids(path),
            sessions[k * each : (k + 1) * each],
            table[table["subject"] == subject],
        )
        for k, (subject, path) in enumerate(zip(subjects, neuroids, strict=True))
    ]
