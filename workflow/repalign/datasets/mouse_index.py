"""The index of a mouse scan: what is made of it once, so that nothing else opens its files."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.datasets.mouse_cells import same_cells
from repalign.datasets.mouse_findings import write_findings
from repalign.datasets.mouse_meta import TIERS
from repalign.datasets.mouse_scan import Scan
from repalign.datasets.response_folder import open_npy
from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_folder
from repalign.tables.mouse_schemas import SCAN_NEURONS, SCAN_TRIALS
from repalign.tables.parquet import read_table
from repalign.tables.schemas import write_checked

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class IndexedScan:
    """A scan by its index folder; tables are read when they are asked for.

    Attributes
    ----------
    folder : Path
        What `write_index` made.
    """

    folder: Path

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Return `scan.json`."""
        path = self.folder / "scan.json"
        try:
            facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RepalignError(
                f"no index of a scan ({error})",
                where=path,
                expected="scan.json, as the workflow writes it",
                remedy="Delete the folder and run the workflow again.",
            ) from error
        return facts

    @property
    def key(self) -> str:
        """Return the data key."""
        return str(self.facts["data_key"])

    @cached_property
    def trials(self) -> pd.DataFrame:
        """Return the trials, by file number."""
        frame: pd.DataFrame = read_table(self.folder / "trials.parquet").to_pandas()
        return frame

    @cached_property
    def neurons(self) -> pd.DataFrame:
        """Return the neurons, in the order of the responses."""
        frame: pd.DataFrame = read_table(self.folder / "neurons.parquet").to_pandas()
        return frame

    @cached_property
    def responses(self) -> npt.NDArray[Any]:
        """Return the responses, mapped from their file.

        Returns
        -------
        ndarray of float32, shape (n_trials, n_neurons)
        """
        return open_npy(self.folder / "responses.npy", "Index the scan again.")

    def of_tier(self, tier: str) -> pd.DataFrame:
        """Return the trials of a tier whose responses are there."""
        return self.trials.loc[(self.trials["tier"] == tier) & ~self.trials["withheld"]]


def write_index(
    folder: str | Path,
    scan: Scan,
    record: Mapping[str, Any],
    *,
    distance: float,
    correlation: float,
) -> None:
    """Write the index of a scan.

    Parameters
    ----------
    folder : str or Path
        Folder to make, with `scan.json`, `trials.parquet`, `neurons.parquet`, `findings.csv`,
        `responses.npy` (n_trials, n_neurons) float32, and `tiers/<tier>.csv`.
    scan : Scan
        The scan.
    record : mapping
        Provenance.
    distance, correlation : float
        As of `same_cells`.
    """
    meta, trials = scan.meta, scan.trials
    key = meta.name.key
    seen = ~trials["withheld"].to_numpy(dtype=bool)
    places = meta.neurons[["x", "y", "z"]].to_numpy(dtype=np.float64)
    partner, value = same_cells(places, scan.responses[seen], distance, correlation)
    units = meta.neurons["unit_id"].to_numpy()
    neurons = meta.neurons.assign(
        data_key=key,
        neuroid_id=[f"{key}_{unit}" for unit in units],
        same_cell=np.where(partner < 0, -1, units[partner]),
        same_cell_correlation=value,
    )
    named = trials.assign(
        data_key=key, subject=meta.name.animal, session=meta.name.session, run=meta.name.scan
    )
    with atomic_folder(folder) as temporary:
        write_checked(
            temporary / "trials.parquet", named[list(SCAN_TRIALS.columns)], SCAN_TRIALS, record
        )
        write_checked(
            temporary / "neurons.parquet",
            neurons[list(SCAN_NEURONS.columns)],
            SCAN_NEURONS,
            record,
        )
        np.save(temporary / "responses.npy", scan.responses, allow_pickle=False)
        write_findings(temporary / "findings.csv", meta.findings)
        _write_tiers(temporary / "tiers", trials)
        text = json.dumps(_facts(scan), indent=1) + "\n"
        (temporary / "scan.json").write_text(text, encoding="utf-8")


def _facts(scan: Scan) -> dict[str, Any]:
    """Return what `scan.json` says."""
    meta, trials = scan.meta, scan.trials
    counts = trials["tier"].value_counts()
    places = meta.neurons["area"] + " " + meta.neurons["layer"]
    regions = dict(sorted(places.value_counts().items()))
    return {
        "data_key": meta.name.key,
        "animal": meta.name.animal,
        "session": meta.name.session,
        "scan": meta.name.scan,
        "pictures": meta.name.kind.lower(),
        "stimulus_set": meta.name.stimulus_set,
        "arrays_of_pictures": f"{meta.prefix}image_id",
        "image_shape": list(scan.image_shape),
        "n_trials": len(trials),
        "n_neurons": len(meta.neurons),
        "tiers": {tier: int(counts[tier]) for tier in TIERS if tier in counts},
        "withheld": scan.withheld,
        "order_of_trials": "file number; trial_idx is hashed" if meta.hashed else "trial_idx",
        "neurons_by_area_and_layer": {str(place): int(n) for place, n in regions.items()},
        "n_findings": len(meta.findings),
    }


def _write_tiers(folder: Path, trials: pd.DataFrame) -> None:
    """Write the file numbers and stimuli of each tier, in the order of presentation."""
    folder.mkdir()
    for tier in TIERS:
        rows = trials.loc[trials["tier"] == tier].sort_values("order")
        if not len(rows):
            continue
        with (folder / f"{tier}.csv").open("w", newline="", encoding="utf-8") as file:
            lines = csv.writer(file, lineterminator="\n")
            lines.writerow(("file", "stimulus_id", "repetition"))
            lines.writerows(rows[["file", "stimulus_id", "repetition"]].itertuples(index=False))
