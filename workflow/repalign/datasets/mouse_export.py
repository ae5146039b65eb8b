"""A part of a mouse scan as a scan of its own, in the same layout, for the readers of others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from repalign.datasets.mouse_files import ScanFiles
from repalign.datasets.mouse_findings import refuse_scan
from repalign.datasets.mouse_index import IndexedScan
from repalign.datasets.mouse_meta import DATA, NEURONS, TRIALS
from repalign.datasets.mouse_regions import neurons_of
from repalign.datasets.mouse_statistics import save_statistics, statistics_of
from repalign.tables.atomic import atomic_folder

Rows = npt.NDArray[np.int64]
SOURCE = "source_file"
"""Array of trials that says which file of the whole scan each one is."""


def choose(scan: IndexedScan, tiers: Sequence[str], regions: Sequence[str]) -> tuple[Rows, Rows]:
    """Choose trials and neurons of a scan.

    Parameters
    ----------
    scan : IndexedScan
        The scan.
    tiers : sequence of str
        Tiers; all of them if empty.
    regions : sequence of str
        Regions as `neurons_of` has them; all neurons if empty.

    Returns
    -------
    trials, neurons : ndarray of int64, shapes (n_trials,) and (n_neurons,)
        Files and rows, ascending.

    Raises
    ------
    RepalignError
        If there is no training trial, which statistics are made of, or no neuron.
    """
    kept = scan.trials if not tiers else scan.trials.loc[scan.trials["tier"].isin(tiers)]
    if not (kept["tier"] == "train").sum() > 1:
        raise refuse_scan(
            f"{int((kept['tier'] == 'train').sum())} training trials in the part",
            f"mouse.export, scan {scan.key}",
            "two or more, for the statistics of a scan are theirs",
            "Add train to its tiers.",
        )
    everyone = np.arange(len(scan.neurons))
    rows = [neurons_of(scan.neurons, region) for region in regions] or [everyone]
    neurons = np.unique(np.concatenate(rows))
    if not len(neurons):
        expected = "at least one neuron"
        raise refuse_scan("no neuron in the part", f"mouse.export, scan {scan.key}", expected)
    return np.sort(kept["file"].to_numpy(np.int64)), neurons.astype(np.int64)


def export_scan(
    files: ScanFiles, scan: IndexedScan, trials: Rows, neurons: Rows, folder: str | Path, name: str
) -> None:
    """Write a part of a scan; statistics are computed anew from its training trials.

    Parameters
    ----------
    files : ScanFiles
        The open scan.
    scan : IndexedScan
        Its index.
    trials, neurons : ndarray of int64, shapes (n_trials,) and (n_neurons,)
        Files and rows of the part, ascending.
    folder : str or Path
        Folder to make; the scan is a folder in it.
    name : str
        Name of that folder; readers take the data key from it.

    Raises
    ------
    RepalignError
        If a file of the scan cannot be read, or an array of neurons or trials has another
        length than there are.

    Notes
    -----
    Files are numbered from 0; `meta/trials/source_file.npy` has the numbers in the whole scan.
    Everything keeps its dtype. `config.json` is there, so that readers have nothing to write.
    """
    with atomic_folder(folder) as temporary:
        place = temporary / name
        statistics = place / "meta/statistics"
        train = (scan.trials["tier"] == "train").to_numpy()[trials]
        for data in DATA:
            (place / "data" / data).mkdir(parents=True)
            stack = [files.numbers(f"data/{data}/{k}.npy") for k in trials]
            if data == "responses":
                stack = [row.reshape(-1)[neurons] for row in stack]
            for k, values in enumerate(stack):
                _save(place / "data" / data / f"{k}.npy", values)
            kept = np.array([values for values, own in zip(stack, train, strict=True) if own])
            if data != "images":
                kept = kept.reshape(len(kept), -1)
            save_statistics(statistics, data, statistics_of(kept, data))
        _save_meta(files, place, NEURONS, neurons, len(scan.neurons))
        _save_meta(files, place, TRIALS, trials, len(scan.trials))
        _save(place / f"{TRIALS}{SOURCE}.npy", trials)
        (place / "config.json").write_text(json.dumps({"links": {}}) + "\n", encoding="utf-8")


def _save_meta(files: ScanFiles, place: Path, below: str, rows: Rows, n: int) -> None:
    """Copy the rows of all arrays of neurons or of trials."""
    for name in files:
        if not name.startswith(below):
            continue
        values = files.array(name)
        if values.shape[:1] != (n,):
            raise refuse_scan(f"shape {values.shape}", files.where(name), f"{n} rows")
        _save(place / name, values[rows])


def _save(path: Path, values: npt.NDArray[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, values, allow_pickle=False)
