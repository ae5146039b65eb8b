"""The captions of the image of every trial of a LAION-fMRI subject."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.laion_aligned import aligned_captions, subject_images
from repalign.scripting import run, script_parser
from repalign.tables.parquet import read_table, write_table
from repalign.tables.prepared import read_trials_table
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    trials = read_trials_table(options.trials)
    shown = subject_images(trials, read_table(options.stimuli).to_pandas(), options.subject)
    table = aligned_captions(shown, options.captions)
    write_table(options.output, table, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "trials", "stimuli", "subject")
    options.add_argument("--captions", type=Path, required=True, help="table of captions")
    return options


if __name__ == "__main__":
    run(main, parser())
