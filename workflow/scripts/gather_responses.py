"""Put the sessions of a subject behind one another: one trials x voxels matrix a region."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.nsd_atlas import region_voxels
from repalign.datasets.responses import gather_responses
from repalign.scripting import run, script_parser
from repalign.tables.prepared import ALL_REGIONS
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    gather_responses(
        options.sessions,
        region_voxels(options.atlas, ALL_REGIONS),
        options.output,
    )
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--sessions", type=Path, nargs="+", required=True, help="in order")
    options.add_argument("--atlas", type=Path, required=True, help="merged atlas of the subject")
    return options


if __name__ == "__main__":
    run(main, parser())
