"""Every response trial of THINGS-fMRI in the published layout, as CSV and as parquet."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.nsd_index import write_csv
from repalign.datasets.things_images import read_things_images
from repalign.datasets.things_index import stimulus_index
from repalign.datasets.things_trials import read_shown
from repalign.scripting import run, script_parser
from repalign.tables.parquet import write_table
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    shown = read_shown(options.metadata, options.events, options.subjects)
    table = stimulus_index(shown, read_things_images(options.images))
    record = make_record(options.spec)
    write_table(options.parquet, table, record)
    write_csv(table.to_pandas(), options.output)
    write_sidecar(options.output, record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "subjects")
    options.add_argument("--images", type=Path, required=True, help="images.csv")
    options.add_argument(
        "--metadata", type=Path, nargs="*", required=True, help="metadata of each subject"
    )
    options.add_argument("--events", type=Path, nargs="*", required=True, help="or BIDS events")
    options.add_argument("--parquet", type=Path, required=True, help="the same table to make")
    return options


if __name__ == "__main__":
    run(main, parser())
