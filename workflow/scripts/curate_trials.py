"""What the rows of a subject's matrix are: labels, runs, images, and a table of them all."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.curated_files import write_trials
from repalign.datasets.curation import kept_of, label_width
from repalign.scripting import run, script_parser
from repalign.tables.curated_tables import CURATED_TRIALS
from repalign.tables.parquet import read_table
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    trials = read_table(options.trials, CURATED_TRIALS)
    write_trials(
        kept_of(trials, options.subject, options.label_level),
        label_width(trials, options.label_level),
        labels=options.output,
        runs=options.runs,
        images=options.images,
        trials=options.table,
    )
    for made in (options.output, options.runs, options.images, options.table):
        write_sidecar(made, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "trials", "subject", "label-level")
    options.add_argument("--runs", type=Path, required=True, help="runs, to make")
    options.add_argument("--images", type=Path, required=True, help="NSD images, to make")
    options.add_argument("--table", type=Path, required=True, help="table, to make")
    return options


if __name__ == "__main__":
    run(main, parser())
