"""The published index files of NSD: images, planned trials, masks, and the stimulus table."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from repalign.datasets.nsd_stim_info import planned_trials, subjects_of
from repalign.datasets.nsd_stimuli_csv import COLUMNS
from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_file

logger = logging.getLogger(__name__)

IMAGES_PER_FOLDER = 1000
BETAS_PATTERN = (
    "subj{subject:02d}/func1mm/betas_fithrf_GLMdenoise_RR/betas_session{session:02d}.nii.gz"
)
MERGED_ROI = "both.HCP_MMP1"
_HEMISPHERES = {"lh": "l", "rh": "r"}


def images_index(stim_info: pd.DataFrame) -> pd.DataFrame:
    """Make `nsd.csv`: the JPEG of every image.

    Parameters
    ----------
    stim_info : DataFrame
        As `nsd_stim_info.read_stim_info` returns it.

    Returns
    -------
    DataFrame
        A row an image: nsd_id (0-based), name (`nsd_00000`) and path
        (`images/nsd_00000_00999/nsd_00000.jpg`: a folder a thousand ids, named by the first and
        the last of them).
    """
    ids = stim_info["nsdId"].to_numpy()
    first = ids // IMAGES_PER_FOLDER * IMAGES_PER_FOLDER
    last = first + IMAGES_PER_FOLDER - 1
    names = [f"nsd_{k:05d}" for k in ids]
    paths = [
        f"images/nsd_{a:05d}_{b:05d}/{name}.jpg"
        for a, b, name in zip(first, last, names, strict=True)
    ]
    return pd.DataFrame({"nsd_id": ids, "name": names, "path": paths})


def stimuli_index(
    stim_info: pd.DataFrame,
    sessions: Mapping[int, int],
    n_trials_per_session: int,
    betas_pattern: str = BETAS_PATTERN,
) -> pd.DataFrame:
    """Make `nsd_stimuli.csv`: every planned trial of every subject.

    Parameters
    ----------
    stim_info : DataFrame
        As `nsd_stim_info.read_stim_info` returns it.
    sessions : mapping of int to int
        Declared number of sessions of each subject; `exists` is True for their trials, and for
        none of a subject that is not in it.
    n_trials_per_session : int
        750 in NSD.
    betas_pattern : str
        Path of a session's betas, with `{subject}` and `{session}`.

    Returns
    -------
    DataFrame
        The columns of `nsd_stimuli_csv.COLUMNS`: session 1-based; subject_index, session_index,
        nsd_id and repetition 0-based. Ordered by subject and subject_index.

    Notes
    -----
    Published, `exists` tells which files lay on the disk at the time of writing, so that writing
    the file again without the raw data emptied every result. Here the settings decide.
    """
    parts = []
    for subject in subjects_of(stim_info):
        images, repetitions = planned_trials(stim_info, subject)
        trial = np.arange(images.size, dtype=np.int64)
        session = trial // n_trials_per_session + 1
        files = [
            betas_pattern.format(subject=subject, session=k)
            for k in range(1, int(session.max(initial=0)) + 1)
        ]
        shown = stim_info.iloc[images]
        parts.append(
            pd.DataFrame(
                {
                    "subject": subject,
                    "subject_index": trial,
                    "session": session,
                    "session_index": trial % n_trials_per_session,
                    "nsd_id": images,
                    "repetition": repetitions,
                    "flagged": shown["flagged"].to_numpy(),
                    "shared": shown["shared1000"].to_numpy(),
                    "bold5000": shown["BOLD5000"].to_numpy(),
                    "coco_id": shown["cocoId"].to_numpy(),
                    "coco_split": shown["cocoSplit"].to_numpy(),
                    "crop_box": shown["cropBox"].to_numpy(),
                    "filename": np.array(files, dtype=object)[session - 1],
                    "exists": session <= sessions.get(subject, 0),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def masks_index(
    masks: Mapping[int, Sequence[str | Path]], merged: Mapping[int, str | Path]
) -> pd.DataFrame:
    """Make `nsd_masks.csv`: the region images of every subject.

    Parameters
    ----------
    masks : mapping of int to sequence of path
        The files of each subject's `roi` folder, as they are to stand in the table.
    merged : mapping of int to path
        The merged atlas of each subject, listed as `both.HCP_MMP1`.

    Returns
    -------
    DataFrame
        subject, roi (file name without its suffix, such as `lh.HCP_MMP1`), hemisphere (l, r, or
        b for both: from the prefix), mask_path. Ordered by subject and roi.
    """
    rows = []
    for subject in sorted({*masks, *merged}):
        files = {_stem(path): str(path) for path in masks.get(subject, ())}
        if subject in merged:
            if MERGED_ROI in files:
                logger.warning("%s is left out for the merged atlas", files[MERGED_ROI])
            files[MERGED_ROI] = str(merged[subject])
        rows += [
            (subject, roi, _HEMISPHERES.get(roi.split(".")[0], "b"), files[roi])
            for roi in sorted(files)
        ]
    return pd.DataFrame(rows, columns=["subject", "roi", "hemisphere", "mask_path"])


def write_csv(table: pd.DataFrame, output: str | Path) -> None:
    """Write an index file: comma-separated, without an index column."""
    with atomic_file(output) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")


def copy_stim_info(path: str | Path, output: str | Path) -> None:
    """Copy `nsd_stim_info_merged.csv` byte by byte.

    Raises
    ------
    RepalignError
        If there is no such file.
    """
    if not Path(path).is_file():
        raise RepalignError(
            "no such file",
            where=path,
            expected="NSD's stimulus table",
            remedy="Fetch nsd_stim_info_merged.csv from NSD (nsddata/experiments/nsd).",
        )
    with atomic_file(output) as temporary:
        shutil.copyfile(path, temporary)


def _stem(path: str | Path) -> str:
    return Path(path).name.removesuffix(".gz").removesuffix(".nii")
