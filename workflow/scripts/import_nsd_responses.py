"""Check region matrices that a lab has already, and link them as prepared responses."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.roi_matrices import link_roi_matrices
from repalign.scripting import run, script_parser
from repalign.tables.prepared import read_regions, read_trials_table
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    rois = read_regions(options.regions)["roi"].tolist()
    trials = read_trials_table(options.trials)
    n_trials = int((trials["subject"] == options.subject).sum())
    link_roi_matrices(dict(zip(rois, options.matrices, strict=True)), n_trials, options.output)
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "trials", "regions", "subject")
    options.add_argument(
        "--matrices", type=Path, nargs="+", required=True, help="in the order of the regions"
    )
    return options


if __name__ == "__main__":
    run(main, parser())
