"""NSD's part of the prepared dataset: trials and stimuli, from the design and its table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from repalign.datasets.nsd_design import Design
from repalign.datasets.nsd_stim_info import STIMULI_FILE, check_agreement, planned_trials
from repalign.datasets.trial_table import narrowed
from repalign.errors import RepalignError


def prepared_trials(
    design: Design, stim_info: pd.DataFrame, sessions: Mapping[int, int]
) -> pd.DataFrame:
    """Make the trial table from the two files that describe the experiment.

    Parameters
    ----------
    design : Design
        As `read_design` returns it.
    stim_info : DataFrame
        As `read_stim_info` returns it.
    sessions : mapping of int to int
        Number of recorded sessions of each subject. The rest of the plan is left out.

    Returns
    -------
    DataFrame
        A row a recorded trial, ordered by subject and trial: subject (uint8, 1-based), trial
        (uint16, 0-based: row of the response matrices), session (uint8, 1-based), session_trial
        (uint16, 0-based), run (uint8, 1-based within the session), stimulus (uint32, 0-based:
        `nsd_id`), repetition (uint8, 0-based), shared (bool).

    Raises
    ------
    RepalignError
        If the two files disagree (`check_agreement`), repetitions are not in chronological order
        (`planned_trials`), or `sessions` asks for more than the design has.
    """
    check_agreement(design, stim_info)
    for subject, n_sessions in sessions.items():
        if not 1 <= subject <= design.n_subjects or not 1 <= n_sessions <= design.n_sessions:
            raise RepalignError(
                f"{n_sessions} sessions of subject {subject}",
                where="nsd.sessions",
                expected=(
                    f"1 to {design.n_sessions} sessions of subjects 1 to {design.n_subjects}, "
                    f"as planned in {design.path}"
                ),
                remedy="Correct nsd.sessions in the settings.",
            )
    parts = [
        _trials_of(design, stim_info, subject, sessions[subject]) for subject in sorted(sessions)
    ]
    return pd.concat(parts, ignore_index=True)


def prepared_stimuli(stim_info: pd.DataFrame) -> pd.DataFrame:
    """Make the stimulus table.

    Parameters
    ----------
    stim_info : DataFrame
        As `read_stim_info` returns it.

    Returns
    -------
    DataFrame
        A row an image: stimulus (uint32: dense index, row in every feature file), nsd_id
        (uint32, 0-based; the same), nsd_id_1based (uint32), coco_id (uint32), coco_split,
        shared, flagged, bold5000 (bool), file (of the pictures), row (uint32, in that file).
    """
    ids = stim_info["nsdId"].to_numpy()
    return stimulus_frame(
        ids=ids,
        coco_id=stim_info["cocoId"].to_numpy(),
        coco_split=stim_info["cocoSplit"].astype(str).tolist(),
        shared=stim_info["shared1000"].to_numpy(),
        flagged=stim_info["flagged"].to_numpy(),
        bold5000=stim_info["BOLD5000"].to_numpy(),
    )


def stimulus_frame(
    *,
    ids: NDArray[np.int64],
    coco_id: NDArray[np.int64],
    coco_split: list[str],
    shared: NDArray[np.bool_],
    flagged: NDArray[np.bool_],
    bold5000: NDArray[np.bool_],
) -> pd.DataFrame:
    """Put columns together as the stimulus table of `prepared_stimuli`.

    Parameters
    ----------
    ids : ndarray, shape (n_stimuli,), int64
        NSD image numbers from 0, ascending.
    coco_id : ndarray, shape (n_stimuli,), int64
        COCO image numbers.
    coco_split : list of str
        COCO split of each stimulus.
    shared, flagged, bold5000 : ndarray, shape (n_stimuli,), bool
        Flags of each stimulus.

    Returns
    -------
    DataFrame
        One row a stimulus.
    """
    return pd.DataFrame(
        {
            "stimulus": ids.astype(np.uint32),
            "nsd_id": ids.astype(np.uint32),
            "nsd_id_1based": (ids + 1).astype(np.uint32),
            "coco_id": coco_id.astype(np.uint32),
            "coco_split": coco_split,
            "shared": shared.astype(bool),
            "flagged": flagged.astype(bool),
            "bold5000": bold5000.astype(bool),
            "file": [STIMULI_FILE] * ids.size,
            "row": ids.astype(np.uint32),
        }
    )


def _trials_of(
    design: Design, stim_info: pd.DataFrame, subject: int, n_sessions: int
) -> pd.DataFrame:
    images, repetitions = planned_trials(stim_info, subject)
    trials = np.arange(n_sessions * design.n_trials_per_session)
    images = images[: trials.size]
    return narrowed(
        {
            "subject": np.full(trials.size, subject),
            "trial": trials,
            "session": trials // design.n_trials_per_session + 1,
            "session_trial": trials % design.n_trials_per_session,
            "run": design.run[: trials.size],
            "stimulus": images,
            "repetition": repetitions[: trials.size],
            "shared": np.isin(images, design.shared),
        }
    )
