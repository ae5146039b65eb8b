"""Every NSD image, with the path of its JPEG."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.nsd_index import images_index, write_csv
from repalign.datasets.nsd_stim_info import read_stim_info
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    write_csv(images_index(read_stim_info(options.stimulus_info)), options.output)
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument(
        "--stimulus-info", type=Path, required=True, help="nsd_stim_info_merged.csv"
    )
    return options


if __name__ == "__main__":
    run(main, parser())
