"""Index of a mouse scan: trials, neurons, tiers, responses, and what is odd about it."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from repalign.datasets.mouse_files import open_scan
from repalign.datasets.mouse_index import write_index
from repalign.datasets.mouse_scan import read_scan
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar

log = logging.getLogger("repalign")


def main(options: argparse.Namespace) -> None:
    record = make_record(options.spec)
    with open_scan(options.scan) as files:
        scan = read_scan(files, options.key)
    for finding in scan.meta.findings:
        place = f"{finding.file}{', ' if finding.row else ''}{finding.row}"
        log.warning("%s: %s (expected: %s)", place, finding.found, finding.expected)
    write_index(
        options.output,
        scan,
        record,
        distance=options.distance,
        correlation=options.correlation,
    )
    write_sidecar(options.output, record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--scan", type=Path, required=True, help="zip file or folder")
    options.add_argument("--key", required=True, help="data key that it must have")
    options.add_argument(
        "--distance", type=float, required=True, help="micrometres between records of one cell"
    )
    options.add_argument(
        "--correlation", type=float, required=True, help="of the responses of one cell"
    )
    return options


if __name__ == "__main__":
    run(main, parser())
