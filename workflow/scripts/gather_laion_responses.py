"""Put the sessions of a LAION-fMRI subject behind one another, standardised, by region."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.laion_voxels import read_voxels, with_empty_regions
from repalign.datasets.responses import gather_responses
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    gather_responses(
        options.sessions,
        with_empty_regions(read_voxels(options.voxels), options.regions),
        options.output,
        standardise=options.standardise == "session",
    )
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--sessions", type=Path, nargs="+", required=True, help="in order")
    options.add_argument("--voxels", type=Path, required=True, help="voxels of the subject")
    options.add_argument("--regions", type=int, nargs="+", required=True, help="all ids")
    options.add_argument("--standardise", choices=["session", "none"], required=True)
    return options


if __name__ == "__main__":
    run(main, parser())
