"""What a prepared dataset holds of each subject: trials, images, showings, voxels, reliability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.errors import RepalignError
from repalign.figures.pair_cubes import read_pair_cube
from repalign.figures.regions import arrange
from repalign.figures.rows import Floats
from repalign.kernels.showing_counts import showings
from repalign.tables.parquet import read_table
from repalign.tables.prepared import roi_groups

QUALITY_COLUMNS = ("subject", "roi", "name", "hemisphere", "n_voxels", "n_dead", "status")
MOST_POINTS = 20
"""More values than this of a region are drawn as quartiles."""
OK = "ok"
"""Status of a region that nothing is wrong with."""


@dataclass(frozen=True)
class DatasetNumbers:
    """What a dataset holds.

    Attributes
    ----------
    subjects : DataFrame
        One row a subject: `subject`, `sessions`, `trials`, `images`, `shared_images`,
        `shared_trials`, `missing` (planned showings of shared images that there are not; -1
        where there is no plan), `regions`, `voxels`, `dead`, `flagged` (regions with a problem).
    sessions : ndarray, shape (n_subjects, n_sessions)
        Trials of each session; NaN for sessions that a subject lacks.
    shown : ndarray of int, shape (n_subjects, most + 1)
        Entry k: images of the dataset's shared set, or of all where it has none, that the subject
        was shown k times.
    of_shared : bool
        Whether `shown` counts shared images.
    quality : DataFrame
        One row a subject and region, with the columns `QUALITY_COLUMNS`.
    """

    subjects: pd.DataFrame
    sessions: Floats
    shown: npt.NDArray[np.int64]
    of_shared: bool
    quality: pd.DataFrame


@dataclass(frozen=True)
class Reliability:
    """How well regions, or neurons, repeat their responses.

    Attributes
    ----------
    names : tuple of str
        Regions.
    values : tuple of ndarray
        Values of each region; NaN where undefined.
    label : str
        What was measured.
    subjects : tuple of int
        Whose values they are, one each; empty where values are of neurons.
    """

    names: tuple[str, ...]
    values: tuple[Floats, ...]
    label: str
    subjects: tuple[int, ...] = ()


def read_quality(path: str | Path) -> pd.DataFrame:
    """Read how many voxels regions have.

    Parameters
    ----------
    path : str or Path
        `quality.tsv`.

    Raises
    ------
    RepalignError
        If it cannot be read or lacks a column.
    """
    try:
        frame = pd.read_csv(path, sep="\t", dtype={"name": str}, keep_default_na=False)
        return frame[list(QUALITY_COLUMNS)]
    except (OSError, ValueError, KeyError) as error:
        raise RepalignError(
            f"no table of quality ({error})",
            where=path,
            expected=f"columns {', '.join(QUALITY_COLUMNS)}",
            remedy="Delete it and run the workflow again.",
        ) from error


def dataset_numbers(
    trials: pd.DataFrame,
    stimuli: pd.DataFrame,
    quality: pd.DataFrame,
    regions: pd.DataFrame,
    subjects: Sequence[int],
    *,
    planned: int,
) -> DatasetNumbers:
    """Count what there is of each subject.

    Parameters
    ----------
    trials : DataFrame
        As read by `repalign.tables.prepared.read_trials_table`.
    stimuli : DataFrame
        Column `stimulus`; `shared` where the dataset has such images.
    quality : DataFrame
        As read by `read_quality`.
    regions : DataFrame
        As read by `repalign.tables.prepared.read_regions`; their display order is taken.
    subjects : sequence of int
        Subjects of the run.
    planned : int
        Showings of a shared image that were planned; 0 where there is no one number.

    Returns
    -------
    DatasetNumbers
        Subjects in their order.
    """
    images = np.unique(stimuli["stimulus"].to_numpy())
    marked = stimuli.loc[stimuli["shared"], "stimulus"] if "shared" in stimuli else ()
    shared = np.union1d(trials.loc[trials["shared"], "stimulus"], np.asarray(marked, dtype=int))
    of_shared = bool(shared.size)
    rows, counts, sessions = [], [], []
    for subject in subjects:
        own = trials[trials["subject"] == subject]
        found = showings(
            own["stimulus"].to_numpy(), shared.astype(np.int64) if of_shared else images, planned
        )
        rois = quality[quality["subject"] == subject]
        counts.append(found.counts)
        sessions.append(own.groupby("session").size())
        rows.append(
            {
                "subject": subject,
                "sessions": own["session"].nunique(),
                "trials": len(own),
                "images": own["stimulus"].nunique(),
                "shared_images": own.loc[own["shared"], "stimulus"].nunique(),
                "shared_trials": int(own["shared"].sum()),
                "missing": found.missing if planned else -1,
                "regions": len(rois),
                "voxels": int(rois["n_voxels"].sum()),
                "dead": int(rois["n_dead"].sum()),
                "flagged": int((rois["status"] != OK).sum()),
            }
        )
    most = max(count.size for count in counts)
    shown = np.array([np.pad(count, (0, most - count.size)) for count in counts])
    table = pd.DataFrame(sessions).sort_index(axis=1)
    order = [region.roi for region in arrange(regions, regions["roi"].tolist(), joined=False)]
    quality = quality.sort_values("roi", key=lambda ids: ids.map(order.index), kind="stable")
    return DatasetNumbers(
        pd.DataFrame(rows), table.to_numpy(dtype=np.float64), shown, of_shared, quality
    )


def rdm_reliability(
    table: str | Path, regions: pd.DataFrame, subjects: Sequence[int]
) -> Reliability:
    """Return the similarity of each region's RDM with its own from other showings.

    Parameters
    ----------
    table : str or Path
        Inter-subject RSA with shift 1, hemispheres joined.
    regions : DataFrame
        As read by `repalign.tables.prepared.read_regions`.
    subjects : sequence of int
        Subjects that the table has.
    """
    rois = list(roi_groups(regions, joined=True))
    cube = read_pair_cube(table, rois, subjects, shift=1, joined=True)
    own = np.diagonal(cube.of_subjects(), axis1=1, axis2=2).astype(np.float64)
    arranged = arrange(regions, cube.rois, joined=True)
    return Reliability(
        tuple(region.label for region in arranged),
        tuple(own[:, r.index] for r in arranged),
        "test–retest r of RDMs",
        cube.subjects,
    )


def neuron_reliability(table: str | Path) -> Reliability:
    """Return the noise ceilings of neurons by area.

    Parameters
    ----------
    table : str or Path
        `ceilings.parquet` of mouse scans.
    """
    frame = read_table(table).to_pandas().query("not silent")
    groups = [(area, part["nc_testset"]) for area, part in frame.groupby("area", sort=True)]
    return Reliability(
        tuple(str(area) for area, _ in groups),
        tuple(values.dropna().to_numpy(dtype=np.float64) for _, values in groups),
        "noise ceiling of neurons, %",
    )


def voxel_counts(quality: pd.DataFrame) -> pd.DataFrame:
    """Return the voxels of both hemispheres together, a row a name, a column a subject.

    Parameters
    ----------
    quality : DataFrame
        As in `DatasetNumbers`, whose order of regions is kept.
    """
    return quality.pivot_table(
        index="name", columns="subject", values="n_voxels", aggfunc="sum", sort=False
    )


def page_numbers(numbers: DatasetNumbers, reliability: Reliability | None) -> pd.DataFrame:
    """Return all that a dataset page draws, one row a number.

    Parameters
    ----------
    numbers : DatasetNumbers
        What there is.
    reliability : Reliability, optional
        What is known of it.

    Returns
    -------
    DataFrame
        `panel`, `subject` (empty for numbers of all), `item`, `value`.
    """
    rows: list[tuple[str, object, object, float]] = []
    for entry in numbers.subjects.to_dict("records"):
        subject = entry["subject"]
        rows += [("subjects", subject, key, entry[key]) for key in entry if key != "subject"]
    for subject, trials, shown in zip(
        numbers.subjects["subject"], numbers.sessions, numbers.shown, strict=True
    ):
        rows += [("trials per session", subject, k, n) for k, n in enumerate(trials, start=1)]
        rows += [("images by showings", subject, k, int(n)) for k, n in enumerate(shown)]
    for name, counts in voxel_counts(numbers.quality).iterrows():
        rows += [("voxels", subject, name, n) for subject, n in counts.items()]
        rows.append(("median voxels", "", name, float(counts.median())))
    if reliability is not None:
        for name, values in zip(reliability.names, reliability.values, strict=True):
            rows += _reliability_rows(reliability, name, values)
    return pd.DataFrame(rows, columns=["panel", "subject", "item", "value"])


def _reliability_rows(
    reliability: Reliability, name: str, values: Floats
) -> list[tuple[str, object, object, float]]:
    """Return what is drawn of a region: every subject and the median, or quartiles of neurons."""
    label, known = reliability.label, values[~np.isnan(values)]
    middle = float(np.median(known)) if known.size else np.nan
    rows: list[tuple[str, object, object, float]] = [(f"median {label}", "", name, middle)]
    if reliability.subjects:
        own = zip(reliability.subjects, values, strict=True)
        return [*((label, subject, name, float(value)) for subject, value in own), *rows]
    if known.size > MOST_POINTS:
        ends = np.quantile(known, [0.25, 0.75])
        kinds = ("lower quartile", "upper quartile")
        return [
            *rows,
            *((f"{kind}, {label}", "", name, float(end))
              for kind, end in zip(kinds, ends, strict=True)),
        ]  # fmt: skip
    return [*((label, "", name, float(value)) for value in known), *rows]
