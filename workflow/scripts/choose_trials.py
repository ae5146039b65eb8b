"""Which trials are in the curated set: equally many of every subject, all labelled."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.curation import Equalise, curated_trials
from repalign.scripting import run, script_parser
from repalign.tables.curated_tables import LABELLED_TRIALS
from repalign.tables.parquet import read_table, write_table
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    equalise = Equalise(options.equalise_by, options.equalise_label, options.pick, options.seed)
    labelled = read_table(options.labelled, LABELLED_TRIALS)
    table = curated_trials(labelled, options.label_level, options.max_trials or None, equalise)
    write_table(options.output, table, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "label-level", "seed")
    options.add_argument("--labelled", type=Path, required=True, help="labelled_trials.parquet")
    options.add_argument(
        "--max-trials", type=int, required=True, help="from the first; 0: what every subject did"
    )
    options.add_argument("--equalise-by", choices=["class", "none"], required=True)
    options.add_argument("--equalise-label", required=True, help="label that is left out")
    options.add_argument("--pick", choices=["random", "earliest"], required=True)
    return options


if __name__ == "__main__":
    run(main, parser())
