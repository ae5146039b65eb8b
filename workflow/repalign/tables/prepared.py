"""The small tables of a prepared dataset: trials and regions, read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.errors import RepalignError
from repalign.tables.parquet import read_table

N_AREAS = 180
"""Areas of one hemisphere in HCP-MMP1; its region ids are 1-180 left and 181-360 right."""
ALL_REGIONS = range(1, 2 * N_AREAS + 1)

TRIAL_COLUMNS = ("subject", "trial", "session", "stimulus", "repetition", "shared")
REGION_COLUMNS = ("roi", "name", "hemisphere", "area")
JOINED = "joined"
"""Column of regions that are not those of HCP-MMP1: the id of both hemispheres together."""


def read_trials_table(path: str | Path) -> pd.DataFrame:
    """Read the trials of a prepared dataset.

    Parameters
    ----------
    path : str or Path
        `trials.parquet`.

    Returns
    -------
    DataFrame
        One row a trial, with at least the columns of `TRIAL_COLUMNS`.

    Raises
    ------
    RepalignError
        If a column is missing.
    """
    frame: pd.DataFrame = read_table(path).to_pandas()
    _require(path, list(frame.columns), TRIAL_COLUMNS)
    return frame


def read_stimulus_ids(path: str | Path) -> npt.NDArray[np.int64]:
    """Read which stimuli a prepared dataset has.

    Parameters
    ----------
    path : str or Path
        `stimuli.parquet`.

    Returns
    -------
    ndarray of int64, shape (n_stimuli,)
        Their ids, ascending: those of trials and of feature files.

    Raises
    ------
    RepalignError
        If there is no column of them.
    """
    table = read_table(path)
    _require(path, table.column_names, ("stimulus",))
    return np.sort(table["stimulus"].to_numpy()).astype(np.int64)


def read_stimulus_files(path: str | Path) -> dict[int, str]:
    """Read which file shows each stimulus of a dataset that has one file a picture.

    Parameters
    ----------
    path : str or Path
        `stimuli.parquet`.

    Returns
    -------
    dict of int to str
        Path in the raw dataset by stimulus, ascending.

    Raises
    ------
    RepalignError
        If there is no column of them.
    """
    table = read_table(path)
    _require(path, table.column_names, ("stimulus", "file"))
    files = dict(zip(table["stimulus"].to_pylist(), table["file"].to_pylist(), strict=True))
    return {stimulus: files[stimulus] for stimulus in sorted(files)}


def read_regions(path: str | Path) -> pd.DataFrame:
    """Read the regions of a prepared dataset.

    Parameters
    ----------
    path : str or Path
        `regions.tsv`.

    Returns
    -------
    DataFrame
        One row a region in ascending order of `roi`; names are text even where they look like
        numbers. Regions that a dataset brings have a column `joined` of ids.

    Raises
    ------
    RepalignError
        If the file cannot be read, a column is missing, or an id is no number or there twice.
    """
    try:
        frame = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
        _require(path, list(frame.columns), REGION_COLUMNS)
        ids = {name: frame[name].astype(int) for name in ("roi", JOINED) if name in frame}
        frame = frame.assign(**ids).sort_values("roi", ignore_index=True)
        if frame["roi"].duplicated().any():
            raise ValueError(f"region {frame.loc[frame['roi'].duplicated(), 'roi'].iloc[0]} twice")
    except (OSError, ValueError) as error:
        raise RepalignError(
            f"no table of regions ({error})",
            where=path,
            expected=f"one row a region, columns {', '.join(REGION_COLUMNS)}",
            remedy="Delete the file and run the workflow again.",
        ) from error
    return frame


def joined_ids(regions: pd.DataFrame) -> list[int]:
    """Return the id that each region has once hemispheres are taken together.

    Parameters
    ----------
    regions : DataFrame
        As read by `read_regions`.

    Returns
    -------
    list of int, shape (n_regions,)
        The column `joined`; without it, by the numbering of HCP-MMP1, in which an area goes by
        its left region even where the right one alone is there.
    """
    if JOINED in regions:
        return [int(roi) for roi in regions[JOINED]]
    return [(int(roi) - 1) % N_AREAS + 1 for roi in regions["roi"]]


def region_labels(regions: pd.DataFrame, *, joined: bool) -> pd.DataFrame:
    """Return what published tables say of each of their regions.

    Parameters
    ----------
    regions : DataFrame
        As read by `read_regions`.
    joined : bool
        Whether both hemispheres of an area form one region, which the first of them stands for.

    Returns
    -------
    DataFrame
        Rows of `regions` with the ids of published tables as index, ascending, in the order of
        `roi_groups`; column `mne_name` is empty where regions have none.
    """
    ids = joined_ids(regions) if joined else regions["roi"].tolist()
    labels = regions.set_axis(pd.Index(ids, name="id"), axis=0)
    labels = labels[~labels.index.duplicated()].sort_index()
    return labels if "mne_name" in labels else labels.assign(mne_name="")


def roi_groups(regions: pd.DataFrame, *, joined: bool) -> dict[int, list[int]]:
    """Return which regions are taken together under which id.

    Parameters
    ----------
    regions : DataFrame
        As read by `read_regions`.
    joined : bool
        Whether both hemispheres of an area form one region.

    Returns
    -------
    dict of int to list of int
        Region ids by the id in published tables, ascending; left before right.
    """
    ids = [int(roi) for roi in regions["roi"]]
    if not joined:
        return {roi: [roi] for roi in ids}
    groups: dict[int, list[int]] = {}
    for roi, area in zip(ids, joined_ids(regions), strict=True):
        groups.setdefault(area, []).append(roi)
    return {area: sorted(groups[area]) for area in sorted(groups)}


def _require(path: str | Path, columns: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse a table without some column."""
    missing = [name for name in wanted if name not in columns]
    if missing:
        raise RepalignError(
            f"no column {', '.join(missing)}",
            where=path,
            expected=f"columns {', '.join(wanted)}",
            remedy="Delete the file and run the workflow again.",
        )
