"""Known facts of the curated set from the real NSD, and checks against NSD's own tables."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from repalign.datasets.csv_columns import to_integers
from repalign.datasets.mask_files import Grid, Mask
from repalign.errors import RepalignError

logger = logging.getLogger(__name__)

RESOLUTION_MM, THRESHOLD, CLOSING = 3.0, 0.2, 2
SHAPE = (62, 74, 62)
ORIGIN = (-91.0, -126.0, -72.0)
N_VOXELS = 56_504
"""Grid and grey matter of NSD's MNI images at these choices."""

RUN_LENGTHS = (63, 62)
"""Trials of odd and of even runs."""
N_RUNS = 12
"""Runs of a session."""
FIRST_TRIALS, FIRST_IMAGES = 22_500, 9_209
"""Different images in the first trials of every subject."""


def check_real_grid(
    grid: Grid, mask: Mask, *, resolution: float, threshold: float, closing: int
) -> None:
    """Refuse a grid or a mask that the real NSD does not give.

    Parameters
    ----------
    grid : Grid
        The target grid.
    mask : ndarray of bool, shape (x, y, z)
        Grey matter on it.
    resolution, threshold, closing : float or int
        The choices; facts are known for 3 mm, and for the default grey matter.

    Raises
    ------
    RepalignError
        Naming what differs.
    """
    if resolution != RESOLUTION_MM:
        logger.warning("%g mm: no known grid", resolution)
        return
    _expect("shape", tuple(grid.shape), SHAPE)
    _expect("origin", tuple(float(x) for x in np.round(grid.affine[:3, 3], 3)), ORIGIN)
    if (threshold, closing) == (THRESHOLD, CLOSING):
        _expect("grey-matter voxels", int(np.count_nonzero(mask)), N_VOXELS)


def check_real_trials(labelled: pa.Table) -> None:
    """Refuse trials that the real NSD has not.

    Parameters
    ----------
    labelled : pyarrow.Table
        Columns of `LABELLED_TRIALS`.

    Raises
    ------
    RepalignError
        If runs are not of 63 and 62 trials in turn and 12 a session, or the first 22,500 trials
        of a subject do not show 9,209 different images.
    """
    frame = labelled.select(["subject", "trial", "session", "run", "nsd_id"]).to_pandas()
    for subject, own in frame.groupby("subject"):
        lengths = own.groupby("run").size()
        runs = lengths.index.to_numpy(np.int64)
        _expect(f"subject {subject}: runs", runs.tolist(), list(range(1, runs.size + 1)))
        wanted = np.where(runs % 2 == 1, *RUN_LENGTHS)
        _expect(f"subject {subject}: trials of runs", lengths.tolist(), wanted.tolist())
        sessions = own.groupby("run")["session"].agg(["min", "max"])
        expected = (runs - 1) // N_RUNS + 1
        for end in ("min", "max"):
            found = sessions[end].tolist()
            _expect(f"subject {subject}: sessions of runs", found, expected.tolist())
        n_images = int(own.loc[own["trial"] < FIRST_TRIALS, "nsd_id"].nunique())
        what = f"subject {subject}: images in the first {FIRST_TRIALS} trials"
        _expect(what, n_images, FIRST_IMAGES)


def check_responses(labelled: pa.Table, tables: Mapping[int, str | Path]) -> None:
    """Compare trials with NSD's own behavioural tables.

    Parameters
    ----------
    labelled : pyarrow.Table
        Columns of `LABELLED_TRIALS`.
    tables : mapping of int to str or Path
        `responses.tsv` of some subjects: SESSION, RUN and 73KID, the last from 1.

    Raises
    ------
    RepalignError
        If a table cannot be read, or a trial is of another session, run or image.
    """
    frame = labelled.to_pandas()
    columns = {"SESSION": "session", "RUN": "run_in_session", "73KID": "nsd_id"}
    for subject, path in tables.items():
        try:
            said = pd.read_csv(path, sep="\t", usecols=list(columns))
        except (OSError, ValueError) as error:
            raise RepalignError(
                f"no table of trials ({error})",
                where=path,
                expected=f"tab-separated columns {', '.join(columns)}",
                remedy="Fetch responses.tsv of the subject again, or take it away.",
            ) from error
        own = frame[(frame["subject"] == subject) & frame["acquired"]]
        if len(said) < len(own):
            raise RepalignError(
                f"{len(said)} trials",
                where=path,
                expected=f"at least the {len(own)} of the subject's sessions",
                remedy="Correct nsd.sessions, or fetch the table again.",
            )
        for name, column in columns.items():
            to_integers(said, name, path)
            wanted = own[column].to_numpy(np.int64) + (name == "73KID")
            wrong = np.flatnonzero(said[name].to_numpy()[: len(own)] != wanted)
            if wrong.size:
                k = int(wrong[0])
                raise RepalignError(
                    f"{name} {said[name].iloc[k]} ({wrong.size} trials differ)",
                    where=f"{path}, data row {k + 1}",
                    expected=f"{wanted[k]}, as in the experiment design",
                    remedy="Use design and behavioural tables of the same release.",
                )
        logger.info("%s: %d trials agree", path, len(own))


def check_equal_numbers(kept: Mapping[int, int], dropped: Mapping[int, int], limit: int) -> None:
    """Refuse a curated set whose numbers do not add up.

    Parameters
    ----------
    kept, dropped : mapping of int to int
        Trials that are kept, and that are left out within the limit, by subject.
    limit : int
        Trials of each subject that may be kept.

    Raises
    ------
    RepalignError
        Naming the subject.
    """
    for subject, n_kept in kept.items():
        _expect(f"subject {subject}: kept and left out", n_kept + dropped[subject], limit)
    _expect("kept trials of each subject", sorted(set(kept.values())), [min(kept.values())])


def _expect(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise RepalignError(
            f"{found!s:.200}",
            where=f"curated 3 mm set of NSD, {what}",
            expected=f"{expected!s:.200}, as in the real NSD",
            remedy=(
                "Check nsd and curated_3mm in the settings, and the raw files. If these "
                "recordings are not the released NSD, set nsd.source to `other`."
            ),
        )
