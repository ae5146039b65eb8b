"""Every trial of BOLD5000 in the published layout, as CSV and as parquet."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.bold5000_index import stimulus_index
from repalign.datasets.bold5000_trials import read_bold5000_images, read_order, shown_to
from repalign.datasets.nsd_index import write_csv
from repalign.scripting import run, script_parser
from repalign.tables.parquet import write_table
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    sessions = dict(zip(options.subjects, options.sessions, strict=True))
    shown = shown_to(read_order(options.lists, options.events), sessions)
    table = stimulus_index(shown, read_bold5000_images(options.images))
    record = make_record(options.spec)
    write_table(options.parquet, table, record)
    write_csv(table.to_pandas(), options.output)
    write_sidecar(options.output, record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "subjects")
    options.add_argument("--images", type=Path, required=True, help="images.csv")
    options.add_argument("--lists", type=Path, nargs="*", required=True, help="folder of lists")
    options.add_argument("--events", type=Path, nargs="*", required=True, help="or BIDS events")
    options.add_argument("--sessions", type=int, nargs="+", required=True, help="of each subject")
    options.add_argument("--parquet", type=Path, required=True, help="the same table to make")
    return options


if __name__ == "__main__":
    run(main, parser())
