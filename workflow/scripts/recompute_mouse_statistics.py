"""Statistics of a mouse scan by rule, and the rule that those which came with it follow."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from repalign.datasets.mouse_files import open_scan
from repalign.datasets.mouse_index import IndexedScan
from repalign.datasets.mouse_scan import read_data
from repalign.datasets.mouse_statistics import NO_RULE, RULE, write_statistics
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar

log = logging.getLogger("repalign")


def main(options: argparse.Namespace) -> None:
    scan = IndexedScan(options.index)
    train = (scan.trials["tier"] == "train").to_numpy()
    with open_scan(options.scan) as files:
        data = read_data(files, scan.trials, scan.responses)
        rows = write_statistics(options.output, files, data, train)
    others = {
        (row.data, row.folder): " or ".join(row.rules) or NO_RULE
        for row in rows
        if RULE not in row.rules
    }
    for (data_name, folder), rule in others.items():
        log.warning("statistics/%s/%s follow another rule: %s", data_name, folder, rule)
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--index", type=Path, required=True, help="index of the scan, a folder")
    options.add_argument("--scan", type=Path, required=True, help="zip file or folder")
    return options


if __name__ == "__main__":
    run(main, parser())
