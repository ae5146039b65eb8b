"""Assemblies of a mouse scan: areas and layers, train and test, raw and standardised."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from repalign.datasets.mouse_assemblies import write_assemblies
from repalign.datasets.mouse_index import IndexedScan
from repalign.datasets.mouse_prepared import training_std
from repalign.scripting import run, script_parser
from repalign.tables.mouse_schemas import CEILINGS
from repalign.tables.parquet import read_table
from repalign.tables.provenance import make_record, write_sidecar

log = logging.getLogger("repalign")


def main(options: argparse.Namespace) -> None:
    scan = IndexedScan(options.index)
    ceilings = read_table(options.ceilings, CEILINGS).to_pandas()
    record = make_record(options.spec)
    without = write_assemblies(
        options.output, scan, ceilings, training_std(scan), options.regions, record
    )
    for name in without:
        log.warning("scan %s has no assembly of %s", scan.key, name)
    write_sidecar(options.output, record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--index", type=Path, required=True, help="index of the scan, a folder")
    options.add_argument("--ceilings", type=Path, required=True, help="its noise ceilings")
    options.add_argument("--regions", nargs="+", required=True, help="areas, or areas and layers")
    return options


if __name__ == "__main__":
    run(main, parser())
