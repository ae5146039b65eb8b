"""The regions that the settings select, with their names and groups."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from repalign.datasets.hcp_mmp1 import read_hcp_table, write_regions
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar
from repalign.tables.region_set import write_own_regions


def main(options: argparse.Namespace) -> None:
    if options.hcp_table:
        write_regions(read_hcp_table(options.hcp_table[0]), options.regions, options.output)
    else:
        write_own_regions(
            options.output,
            rois=options.regions,
            names=options.names,
            areas=options.areas,
            sides=options.sides,
            joined=options.joined,
        )
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument(
        "--hcp-table", type=Path, nargs="*", required=True, help="hcp.csv; none: own regions"
    )
    options.add_argument("--regions", type=int, nargs="+", required=True, help="ids")
    own = "of own regions, in the order of the ids"
    add = partial(options.add_argument, nargs="*", required=True)
    add("--names", help=f"names {own}")
    add("--areas", help=f"groups {own}")
    add("--sides", help=f"lh, rh or empty, {own}")
    add("--joined", type=int, help=f"ids without regard to hemispheres, {own}")
    return options


if __name__ == "__main__":
    run(main, parser())
