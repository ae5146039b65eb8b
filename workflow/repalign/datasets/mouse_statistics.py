"""Statistics of a mouse scan: recomputed by rule, and compared with those that came with it.

The rule of those who made the layout: over the training trials alone, although the folder is
named `all`; standard deviations with ddof 1; one number for all pixels of all images, one a
column for everything else; float32. A sibling folder holds the same for one kind of stimulus.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from repalign.datasets.mouse_files import ScanFiles
from repalign.datasets.mouse_findings import refuse_scan
from repalign.datasets.mouse_meta import DATA
from repalign.tables.atomic import atomic_folder

MOMENTS = ("mean", "std", "min", "max", "median")
FLOOR = 0.01
"""Standard deviations below this share of their mean are replaced by it to standardise."""
TOLERANCE = 2e-5
"""Relative difference up to which statistics are equal: above float32's rounding of sums, and
below the effect of ddof on a few thousand trials."""
RULE, NO_RULE = "train, ddof 1", "none"
_PLACE = "meta/statistics/"

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Statistics = dict[str, Floats]
"""By moment: of one kind of data, 0-d for images, (n_columns,) for all others."""


@dataclass(frozen=True)
class Comparison:
    """One folder of shipped statistics against the recomputed ones.

    Attributes
    ----------
    data, folder : str
        Kind of data, and folder of its statistics: `all`, or a kind of stimulus.
    moment : str
        One of `MOMENTS`.
    difference : float
        Largest difference from `RULE`, as a share of the largest value; NaN without a file, or
        if its shape differs.
    note : str
        What is wrong with the file, if anything is.
    rules : tuple of str
        The rules that all moments of the folder follow; none if they follow none together.
    """

    data: str
    folder: str
    moment: str
    difference: float
    note: str
    rules: tuple[str, ...]


def statistics_of(values: Array, name: str, ddof: int = 1) -> Statistics:
    """Compute the statistics of some trials.

    Parameters
    ----------
    values : ndarray, shape (n_trials, ...)
        Images (n_trials, n_channels, height, width), or rows of n_columns.
    name : str
        Kind of data: `images` are taken together, others column by column.
    ddof : int
        Of the standard deviation.

    Returns
    -------
    dict of str to ndarray
        By moment, float64, of shape () for images and (n_columns,) for all others.

    Raises
    ------
    ValueError
        If there are no more values than `ddof`.
    """
    axis = None if name == "images" else 0
    n = values.size if axis is None else len(values)
    if n <= ddof:
        raise ValueError(f"{n} values for a standard deviation with ddof {ddof}")
    # Trial by trial: images of a whole scan are not copied into float64.
    rows = values.reshape(len(values), -1 if axis is None else values.shape[1])
    total = sum(
        row.sum(dtype=np.float64) if axis is None else row.astype(np.float64) for row in rows
    )
    mean = np.asarray(total) / n
    squares = (np.square(row - mean) for row in rows)
    square = sum(part.sum() if axis is None else part for part in squares)
    return {
        "mean": np.asarray(mean),
        "std": np.asarray(np.sqrt(square / (n - ddof))),
        "min": np.asarray(values.min(axis=axis), np.float64),
        "max": np.asarray(values.max(axis=axis), np.float64),
        "median": np.asarray(np.median(values, axis=axis), np.float64),
    }


def standardised(responses: Array, std: Floats) -> npt.NDArray[np.float32]:
    """Divide responses by their standard deviation, as the public reader does.

    Parameters
    ----------
    responses : ndarray, shape (n_trials, n_neurons)
        Single trials.
    std : ndarray, shape (n_neurons,)
        Standard deviations over the training trials, ddof 1.

    Returns
    -------
    ndarray of float32, shape (n_trials, n_neurons)
        Not centred. A standard deviation below 1 % of their mean counts as that, so that silent
        neurons stay finite; if all are 0, values stay as they are.
    """
    floor = FLOOR * float(std.mean())
    scale = np.maximum(std, floor) if floor > 0 else np.ones_like(std)
    scaled: npt.NDArray[np.float32] = (responses / scale).astype(np.float32)
    return scaled


def compare_statistics(
    files: ScanFiles, data: Mapping[str, Array], train: npt.NDArray[np.bool_]
) -> list[Comparison]:
    """Say which rule the statistics of a scan follow.

    Parameters
    ----------
    files : ScanFiles
        The open scan.
    data : mapping of str to ndarray, shape (n_trials, ...)
        All trials of each kind of data.
    train : ndarray of bool, shape (n_trials,)
        Which of them are for training.

    Returns
    -------
    list of Comparison
        A row a moment of every folder of statistics, and of `all` even where it is missing.

    Notes
    -----
    For images some producers averaged the mean and standard deviation of each image instead;
    community converters take all trials and ddof 0. Where rules cannot be told apart (ddof over
    millions of pixels), all that fit are named, the proper one first.
    """
    rows = []
    for name in DATA:
        candidates = _candidates(data[name], name, train)
        for folder in _folders(files, name):
            rows += _compare_folder(files, name, folder, candidates)
    return rows


def write_statistics(
    folder: str | Path, files: ScanFiles, data: Mapping[str, Array], train: npt.NDArray[np.bool_]
) -> list[Comparison]:
    """Write recomputed statistics in the layout of a scan, and what they say of the shipped ones.

    Parameters
    ----------
    folder : str or Path
        Folder to make: `statistics/<data>/<folder>/<moment>.npy`, with all folders that the scan
        has, and `statistics_report.csv`.
    files : ScanFiles
        The open scan.
    data : mapping of str to ndarray, shape (n_trials, ...)
        All trials of each kind of data.
    train : ndarray of bool, shape (n_trials,)
        Which of them are for training.

    Returns
    -------
    list of Comparison
        The rows of the report.
    """
    rows = compare_statistics(files, data, train)
    with atomic_folder(folder) as temporary:
        for name in DATA:
            values = statistics_of(data[name][train], name)
            save_statistics(temporary / "statistics", name, values, _folders(files, name))
        with (temporary / "statistics_report.csv").open("w", newline="", encoding="utf-8") as file:
            lines = csv.writer(file, lineterminator="\n")
            lines.writerow(("data", "folder", "moment", "rule", "difference", "note"))
            for row in rows:
                difference = "" if np.isnan(row.difference) else f"{row.difference:.3g}"
                rule = " | ".join(row.rules) or NO_RULE
                lines.writerow((row.data, row.folder, row.moment, rule, difference, row.note))
    return rows


def save_statistics(
    place: Path, name: str, values: Statistics, folders: tuple[str, ...] = ("all",)
) -> None:
    """Write the statistics of one kind of data, float32, to `<place>/<name>/<folder>/`.

    Parameters
    ----------
    place : Path
        The folder `statistics`.
    name : str
        Kind of data.
    values : dict of str to ndarray
        By moment.
    folders : tuple of str
        Folders that get them; all trials are of one kind of stimulus.
    """
    for folder in folders:
        target = place / name / folder
        target.mkdir(parents=True)
        for moment in MOMENTS:
            array = np.asarray(values[moment], np.float32)
            np.save(target / f"{moment}.npy", array, allow_pickle=False)


def _candidates(values: Array, name: str, train: npt.NDArray[np.bool_]) -> dict[str, Statistics]:
    """Return what each rule makes of some data, the proper rule first."""
    found: dict[str, Statistics] = {}
    for trials, chosen in (("train", values[train]), ("all trials", values)):
        proper = statistics_of(chosen, name)
        n = chosen.size if name == "images" else len(chosen)
        found[f"{trials}, ddof 1"] = proper
        found[f"{trials}, ddof 0"] = {**proper, "std": proper["std"] * np.sqrt((n - 1) / n)}
    if name == "images":
        pixels = values[train].reshape(int(train.sum()), -1)
        means = {
            "mean": np.asarray(pixels.mean(axis=1, dtype=np.float64).mean()),
            "std": np.asarray(np.mean([image.std(dtype=np.float64, ddof=1) for image in pixels])),
        }
        found["train, mean of images"] = {**found[RULE], **means}
    return found


def _folders(files: ScanFiles, name: str) -> tuple[str, ...]:
    """Return the folders of statistics of one kind of data; `all` always, first."""
    start = f"{_PLACE}{name}/"
    found = {f[len(start) :].split("/")[0] for f in files if f.startswith(start)}
    return ("all", *sorted(found - {"all"}))


def _compare_folder(
    files: ScanFiles, name: str, folder: str, candidates: Mapping[str, Statistics]
) -> list[Comparison]:
    shipped: dict[str, Array] = {}
    notes: dict[str, str] = {}
    proper = candidates[RULE]
    for moment in MOMENTS:
        place = f"{_PLACE}{name}/{folder}/{moment}.npy"
        notes[moment] = "" if place in files else "no file"
        if place not in files:
            continue
        values = files.numbers(place)
        if values.shape != proper[moment].shape:
            notes[moment] = f"shape {values.shape}, expected {proper[moment].shape}"
        elif not np.isfinite(values).all():
            raise refuse_scan("a value that is not finite", files.where(place), "finite values")
        else:
            shipped[moment] = values
    if "." in folder:
        notes = {m: note or "a dot in the folder's name" for m, note in notes.items()}
    rules = tuple(
        rule
        for rule, values in candidates.items()
        if len(shipped) == len(MOMENTS)
        and all(_difference(shipped[m], values[m]) <= TOLERANCE for m in MOMENTS)
    )
    return [
        Comparison(
            name,
            folder,
            moment,
            _difference(shipped[moment], proper[moment]) if moment in shipped else float("nan"),
            notes[moment],
            rules,
        )
        for moment in MOMENTS
    ]


def _difference(shipped: Array, computed: Floats) -> float:
    """Return the largest difference as a share of the largest value."""
    scale = float(np.abs(computed).max(initial=0))
    worst = float(np.abs(shipped.astype(np.float64) - computed).max(initial=0))
    return worst / scale if scale else worst
