"""Noise ceilings of the neurons of a mouse scan, from the repetitions of test images."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.mouse_ceilings import ceilings_table
from repalign.datasets.mouse_index import IndexedScan
from repalign.scripting import run, script_parser
from repalign.tables.parquet import write_table
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    table = ceilings_table(IndexedScan(options.index), options.n_splits, options.seed)
    write_table(options.output, table, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "seed")
    options.add_argument("--index", type=Path, required=True, help="index of the scan, a folder")
    options.add_argument("--n-splits", type=int, required=True, help="split halves")
    return options


if __name__ == "__main__":
    run(main, parser())
