"""Stimuli of one source or kind, as the table of stimuli has them."""

from __future__ import annotations

import argparse

import numpy as np

from repalign.alignment.subsets import SUBSET, stimuli_of
from repalign.scripting import run, script_parser
from repalign.tables.columns import table_of
from repalign.tables.parquet import write_table
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    stimuli = stimuli_of(options.stimuli, options.stimulus_set)
    table = table_of(SUBSET, {"stimulus": stimuli.astype(np.uint32)})
    write_table(options.output, table, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "stimuli")
    options.add_argument("--stimulus-set", required=True, help="value of the column `subset`")
    return options


if __name__ == "__main__":
    run(main, parser())
