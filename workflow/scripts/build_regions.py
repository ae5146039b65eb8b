"""The regions that the settings select, with their names and groups."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.hcp_mmp1 import read_hcp_table, write_regions
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    write_regions(read_hcp_table(options.hcp_table), options.regions, options.output)
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--hcp-table", type=Path, required=True, help="hcp.csv")
    options.add_argument("--regions", type=int, nargs="+", required=True, help="ids, 1-360")
    return options


if __name__ == "__main__":
    run(main, parser())
