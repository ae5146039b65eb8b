"""The 360 HCP-MMP1 areas with names, groups and colours, in the published layout."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.hcp_mmp1 import write_hcp_table
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    write_hcp_table(options.areas, options.groups, options.output)
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--areas", type=Path, required=True, help="ids and names (TSV)")
    options.add_argument("--groups", type=Path, required=True, help="groups of areas (TSV)")
    return options


if __name__ == "__main__":
    run(main, parser())
