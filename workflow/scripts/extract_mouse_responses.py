"""Region matrices of a mouse scan."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from repalign.datasets.mouse_index import IndexedScan
from repalign.datasets.mouse_prepared import check_trials, write_responses
from repalign.scripting import run, script_parser
from repalign.tables.mouse_schemas import CEILINGS
from repalign.tables.parquet import read_table
from repalign.tables.prepared import read_trials_table
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    scan = IndexedScan(options.index)
    trials = read_trials_table(options.trials)
    check_trials(scan, trials[trials["subject"] == options.subject], options.trials)
    keep = np.ones(len(scan.neurons), dtype=bool)
    for path, least in zip(options.ceilings, options.min_fev, strict=True):
        # A neuron without a ceiling (NaN) has none.
        keep = read_table(path, CEILINGS)["fev"].to_numpy() >= least
    regions = dict(zip(options.rois, options.regions, strict=True))
    write_responses(options.output, scan, regions, scale=options.scale, keep=keep)
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "trials", "subject")
    options.add_argument("--index", type=Path, required=True, help="index of the scan, a folder")
    options.add_argument(
        "--ceilings", type=Path, nargs="*", required=True, help="its noise ceilings; none: no need"
    )
    options.add_argument("--rois", type=int, nargs="+", required=True, help="ids of the regions")
    options.add_argument("--regions", nargs="+", required=True, help="their names, in order")
    options.add_argument("--scale", choices=["standardised", "raw"], required=True)
    options.add_argument(
        "--min-fev", type=float, nargs="*", required=True, help="least FEV of a neuron; none: any"
    )
    return options


if __name__ == "__main__":
    run(main, parser())
