"""Assemblies of mouse scans: a file a region, tier and scale, and a table of the trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from repalign.datasets.mouse_index import IndexedScan
from repalign.datasets.mouse_regions import file_name, neurons_of
from repalign.datasets.mouse_statistics import standardised
from repalign.errors import RepalignError
from repalign.tables.assemblies import make_assembly, write_assembly
from repalign.tables.atomic import atomic_folder
from repalign.tables.mouse_schemas import SCAN_TRIALS
from repalign.tables.schemas import write_checked

TIERS = ("train", "test")
SCALES = ("raw", "standardised")
Columns = dict[str, npt.NDArray[Any]]


def write_assemblies(
    folder: str | Path,
    scan: IndexedScan,
    ceilings: pd.DataFrame,
    std: npt.NDArray[np.float64],
    regions: Sequence[str],
    record: Mapping[str, Any],
) -> list[str]:
    """Write the assemblies of a scan.

    Parameters
    ----------
    folder : str or Path
        Folder to make, with `<region>_<train|test>_<raw|standardised>.nc` and
        `<train|test>_trials.parquet`, whose rows are the presentations in order.
    scan : IndexedScan
        The scan. A tier whose responses are withheld has no assembly.
    ceilings : DataFrame
        Noise ceilings of its neurons, in their order.
    std : ndarray, shape (n_neurons,)
        Standard deviations of responses over the training trials.
    regions : sequence of str
        Areas, or areas with layers; a region without neurons has no assembly.
    record : mapping
        Provenance.

    Returns
    -------
    list of str
        What has no assembly, for people.

    Raises
    ------
    RepalignError
        If an assembly breaks a rule of `repalign.tables.assembly_rules`, or ceilings are of
        other neurons.

    Notes
    -----
    What varies between repetitions of an image (time, behaviour, pupil) is in the tables and not
    in the assemblies, for Brain-Score would then never average repetitions. They are ragged as
    the recordings are. `nc_testset` is 0 where a neuron has no ceiling; `has_ceiling` says so.
    """
    if ceilings["unit_id"].tolist() != scan.neurons["unit_id"].tolist():
        raise RepalignError(
            "ceilings of other neurons",
            where=scan.folder,
            expected=f"those of scan {scan.key}",
            remedy="Delete the ceilings and run the workflow again.",
        )
    without = []
    with atomic_folder(folder) as temporary:
        for tier in TIERS:
            trials = scan.of_tier(tier).sort_values(["stimulus_id", "repetition"])
            if not len(trials):
                without.append(f"{tier}: no responses")
                continue
            table = trials.reset_index(drop=True)
            write_checked(temporary / f"{tier}_trials.parquet", table, SCAN_TRIALS, record)
            responses = np.asarray(scan.responses[trials["file"].to_numpy()])
            for scale, values in zip(
                SCALES, (responses, standardised(responses, std)), strict=True
            ):
                for region in regions:
                    rows = neurons_of(scan.neurons, region)
                    if not len(rows):
                        without.append(f"{region}, {tier}, {scale}: no neurons")
                        continue
                    assembly = _assembly(scan, trials, values, ceilings, region, rows)
                    assembly.attrs |= {"tier": tier, "scale": scale}
                    name = f"{file_name(region)}_{tier}_{scale}.nc"
                    write_assembly(assembly, temporary / name, record, allow_ragged=True)
    return without


def _assembly(
    scan: IndexedScan,
    trials: pd.DataFrame,
    values: npt.NDArray[np.float32],
    ceilings: pd.DataFrame,
    region: str,
    rows: npt.NDArray[np.int64],
) -> xr.DataArray:
    """Put the responses of a region together with what is known of images and neurons."""
    neurons, own = scan.neurons.iloc[rows], ceilings.iloc[rows]
    ceiling = own["nc_testset"].to_numpy(dtype=np.float64)
    presentation: Columns = {
        "stimulus_id": trials["stimulus_id"].to_numpy(dtype=str),
        "image_class": trials["image_class"].to_numpy(dtype=str),
        "image_id": trials["image_id"].to_numpy(),
        "repetition": trials["repetition"].to_numpy(),
    }
    neuroid: Columns = {
        "neuroid_id": neurons["neuroid_id"].to_numpy(dtype=str),
        "subject": np.full(len(rows), str(scan.facts["animal"])),
        "data_key": np.full(len(rows), scan.key),
        "region": np.full(len(rows), region),
        "area": neurons["area"].to_numpy(dtype=str),
        "layer": neurons["layer"].to_numpy(dtype=str),
        "unit_id": neurons["unit_id"].to_numpy(),
        "nc_testset": np.nan_to_num(ceiling, nan=0.0),
        "has_ceiling": np.isfinite(ceiling),
    }
    for axis in "xyz":
        place = neurons[axis].to_numpy(dtype=np.float64)
        if np.isfinite(place).all():
            neuroid[axis] = place
    stimuli = f"mouse.{scan.facts['stimulus_set']}"
    identifier = f"mouse.{scan.key}.{file_name(region)}"
    return make_assembly(
        np.ascontiguousarray(values[:, rows]),
        presentation,
        neuroid,
        attributes={"identifier": identifier, "stimulus_set_identifier": stimuli},
    )
