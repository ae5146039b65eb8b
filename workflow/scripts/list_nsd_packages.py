"""Identifiers, sizes and digests of the packaged files, for a Brain-Score registry."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar
from repalign.tables.stimulus_sets import write_packages


def main(options: argparse.Namespace) -> None:
    write_packages(options.output, options.files)
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--files", type=Path, nargs="+", required=True, help="packaged files")
    return options


if __name__ == "__main__":
    run(main, parser())
