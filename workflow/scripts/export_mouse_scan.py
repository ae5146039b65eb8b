"""A part of a mouse scan as a scan of its own, in the same layout."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from repalign.datasets.mouse_export import choose, export_scan
from repalign.datasets.mouse_files import open_scan
from repalign.datasets.mouse_index import IndexedScan
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar

log = logging.getLogger("repalign")


def main(options: argparse.Namespace) -> None:
    scan = IndexedScan(options.index)
    trials, neurons = choose(scan, options.tiers, options.regions)
    with open_scan(options.scan) as files:
        export_scan(files, scan, trials, neurons, options.output, options.name)
    log.info("%d trials of %d neurons", len(trials), len(neurons))
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--index", type=Path, required=True, help="index of the scan, a folder")
    options.add_argument("--scan", type=Path, required=True, help="zip file or folder")
    options.add_argument("--name", required=True, help="name of the folder of the new scan")
    options.add_argument("--tiers", nargs="*", required=True, help="tiers; none: all")
    options.add_argument("--regions", nargs="*", required=True, help="regions; none: all neurons")
    return options


if __name__ == "__main__":
    run(main, parser())
