"""Which trials are in the curated decoding set: equally many of every subject, all labelled."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from repalign.datasets.nsd_design import Design
from repalign.datasets.nsd_trials import prepared_trials
from repalign.errors import RepalignError
from repalign.tables.columns import table_of
from repalign.tables.curated_tables import (
    CURATED_TRIALS,
    FATES,
    LABELLED_TRIALS,
    TSV_COLUMNS,
    UNKNOWN,
)

logger = logging.getLogger(__name__)

Level = Literal["supercategory", "category"]
COLUMN_OF: Mapping[Level, str] = {"supercategory": "supercat", "category": "cat"}
"""Column of the label that is decoded."""


@dataclass(frozen=True)
class Equalise:
    """How subjects come to have equally many trials.

    Attributes
    ----------
    by : {"class", "none"}
        ``"class"``: trials of one label are left out. ``"none"``: numbers stay unequal.
    label : str
        That label.
    pick : {"random", "earliest"}
        Which of its trials go.
    seed : int
        Of the random choice, which is a subject's own and does not depend on other subjects.
    """

    by: Literal["class", "none"] = "class"
    label: str = "person"
    pick: Literal["random", "earliest"] = "random"
    seed: int = 0


def labelled_trials(
    design: Design,
    stim_info: pd.DataFrame,
    labels: pd.DataFrame,
    sessions: Mapping[int, int],
) -> pa.Table:
    """Make the table of all planned trials with the labels of their images.

    Parameters
    ----------
    design : Design
        As `read_design` returns it.
    stim_info : DataFrame
        As `read_stim_info` returns it.
    labels : DataFrame
        Columns of `COCO_LABELS`.
    sessions : mapping of int to int
        Sessions that each selected subject did.

    Returns
    -------
    pyarrow.Table
        Columns of `LABELLED_TRIALS`.

    Raises
    ------
    RepalignError
        If design and stimulus table disagree, an image has no row of labels, or a subject did
        more sessions than are planned.
    """
    planned = prepared_trials(design, stim_info, dict.fromkeys(sessions, design.n_sessions))
    for subject, n_sessions in sessions.items():
        if not 1 <= n_sessions <= design.n_sessions:
            raise RepalignError(
                f"{n_sessions} sessions of subject {subject}",
                where="nsd.sessions",
                expected=f"1 to {design.n_sessions}, as planned in {design.path}",
                remedy="Correct nsd.sessions in the settings.",
            )
    own = labels.set_index("nsd_id")
    absent = np.setdiff1d(planned["stimulus"], own.index.to_numpy())
    if absent.size:
        raise RepalignError(
            f"no row of image {absent[0]} ({absent.size} such images)",
            where="coco_labels.parquet",
            expected="a row for every image of the stimulus table",
            remedy="Delete it and run the workflow again.",
        )
    shown = own.loc[planned["stimulus"]]
    n_runs = int(design.run.max())
    session, run = planned["session"].to_numpy(np.int64), planned["run"].to_numpy(np.int64)
    did = planned["subject"].map(dict(sessions)).to_numpy(np.int64)
    return table_of(
        LABELLED_TRIALS,
        {
            "subject": planned["subject"].to_numpy(),
            "trial": planned["trial"].to_numpy(),
            "session": planned["session"].to_numpy(),
            "run_in_session": planned["run"].to_numpy(),
            "run": n_runs * (session - 1) + run,
            "trial_in_session": planned["session_trial"].to_numpy(),
            "nsd_id": planned["stimulus"].to_numpy(),
            "coco_id": shown["coco_id"].to_numpy(),
            "repetition": planned["repetition"].to_numpy(),
            "supercat": shown["supercat"].to_numpy(object),
            "cat": shown["cat"].to_numpy(object),
            "acquired": session <= did,
        },
    )


def curated_trials(
    labelled: pa.Table, level: Level, max_trials: int | None, equalise: Equalise
) -> pa.Table:
    """Decide which trials are kept; the only step that looks at all subjects together.

    Parameters
    ----------
    labelled : pyarrow.Table
        Columns of `LABELLED_TRIALS`.
    level : {"supercategory", "category"}
        The label that is decoded.
    max_trials : int or None
        Planned trials of each subject that may be kept, from the first. None: those that every
        subject did.
    equalise : Equalise
        How subjects come to have equally many.

    Returns
    -------
    pyarrow.Table
        Columns of `CURATED_TRIALS`.

    Raises
    ------
    RepalignError
        If more trials are wanted than are planned, no trial is left of some subject, or a
        subject has too few trials of the label that is left out.
    """
    frame = labelled.to_pandas()
    limit = _limit(frame, max_trials)
    label = frame[COLUMN_OF[level]].astype(str).to_numpy(object)
    # In the order of FATES: the first reason that applies is the one that is named.
    reasons = (
        frame["trial"].to_numpy() >= limit,
        ~frame["acquired"].to_numpy(),
        label == UNKNOWN,
    )
    fate = np.select(reasons, list(range(1, len(reasons) + 1)), 0)
    if equalise.by == "class":
        _equalise(frame["subject"].to_numpy(), label, fate, equalise)
    for subject, kept in frame.assign(kept=fate == 0).groupby("subject")["kept"].sum().items():
        if not kept:
            raise RepalignError(
                f"no trial of subject {subject} that can be kept",
                where="curated_3mm",
                expected="trials with a label, recorded and within max_trials",
                remedy="Look at drop reasons and labels, or leave the subject out.",
            )
    columns = {name: labelled[name] for name in LABELLED_TRIALS.names if name != "acquired"}
    reason = pa.array(np.array(FATES, object)[fate], pa.string()).dictionary_encode()
    columns |= {"keep": pa.array(fate == 0), "drop_reason": reason}
    return pa.table(columns).cast(CURATED_TRIALS)


def _limit(frame: pd.DataFrame, max_trials: int | None) -> int:
    """Return the number of planned trials that may be kept of each subject."""
    planned = int(frame.groupby("subject").size().min())
    did = frame.groupby("subject")["acquired"].sum()
    limit = int(did.min()) if max_trials is None else max_trials
    if limit > planned:
        raise RepalignError(
            f"{limit} trials",
            where="curated_3mm.max_trials",
            expected=f"at most the {planned} that are planned for a subject",
            remedy="Lower it, or leave it empty for what every subject did.",
        )
    for subject, n_done in did.items():
        if n_done < limit:
            logger.warning(
                "subject %s did %d of %d trials: all subjects will have fewer", subject, n_done,
                limit,
            )  # fmt: skip
    return limit


def _equalise(
    subject: npt.NDArray[np.uint8],
    label: npt.NDArray[np.object_],
    fate: npt.NDArray[np.int64],
    equalise: Equalise,
) -> None:
    """Mark trials of one label as left out, until every subject keeps equally many."""
    usable = {int(s): np.flatnonzero((subject == s) & (fate == 0)) for s in np.unique(subject)}
    fewest = min(rows.size for rows in usable.values())
    for number, rows in usable.items():
        candidates = rows[label[rows] == equalise.label]
        surplus = rows.size - fewest
        if surplus > candidates.size:
            raise RepalignError(
                f"{candidates.size} trials labelled {equalise.label!r} of subject {number}",
                where="curated_3mm.equalise.label",
                expected=f"at least the {surplus} that must go for equal numbers",
                remedy="Choose a label with more trials, or set curated_3mm.equalise.by to none.",
            )
        if equalise.pick == "random":
            # The smallest of independent draws: a stream of the subject's own.
            draws = np.random.default_rng([equalise.seed, number]).random(candidates.size)
            candidates = candidates[np.argsort(draws, kind="stable")]
        fate[candidates[:surplus]] = FATES.index("equalised")
        logger.info("subject %d: %d trials kept, %d left out for equal numbers", number,
                    rows.size - surplus, surplus)  # fmt: skip


def kept_of(trials: pa.Table, subject: int, level: Level) -> pd.DataFrame:
    """Return the kept trials of a subject, as `sub-XX_trials.tsv` lists them.

    Parameters
    ----------
    trials : pyarrow.Table
        Columns of `CURATED_TRIALS`.
    subject : int
        Subject number.
    level : {"supercategory", "category"}
        The label that is decoded.

    Returns
    -------
    DataFrame
        Columns of `TSV_COLUMNS`; `row` counts from 0.

    Raises
    ------
    RepalignError
        If there is no such subject.
    """
    frame = trials.to_pandas()
    own = frame[(frame["subject"] == subject) & frame["keep"]].reset_index(drop=True)
    if own.empty:
        raise RepalignError(
            f"no kept trial of subject {subject}",
            where="trials.parquet",
            expected=f"one of the subjects {sorted(frame['subject'].unique().tolist())}",
            remedy="Ask for one of these, or add the subject to nsd.subjects.",
        )
    own = own.assign(row=np.arange(len(own)), label=own[COLUMN_OF[level]].astype(str))
    table: pd.DataFrame = own[list(TSV_COLUMNS)]
    return table


def fixed_width(labels: npt.NDArray[np.object_], width: int) -> npt.NDArray[np.str_]:
    """Return labels as text of one width, which needs no pickle to be read.

    Parameters
    ----------
    labels : ndarray of object, shape (n_trials,)
        Labels.
    width : int
        Characters.

    Returns
    -------
    ndarray, shape (n_trials,), ``<U{width}``
        The same.
    """
    return labels.astype(f"<U{width}")


def label_width(trials: pa.Table, level: Level) -> int:
    """Return the length of the longest label of any trial, so that subjects have one type."""
    return max(map(len, trials[COLUMN_OF[level]].unique().to_pylist()), default=1)
