"""Trials and stimuli of mouse scans; images of one number must have equal pixels in all."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.matching import check_repetitions
from repalign.datasets.mouse_index import IndexedScan
from repalign.datasets.mouse_prepared import mouse_stimuli, mouse_trials
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record
from repalign.tables.schemas import STIMULI, TRIALS, write_checked


def main(options: argparse.Namespace) -> None:
    scans = [IndexedScan(path) for path in options.indexes]
    stimuli = mouse_stimuli(scans)
    trials = mouse_trials(dict(zip(options.subjects, scans, strict=True)))
    check_repetitions(trials, options.repetitions)
    record = make_record(options.spec)
    write_checked(options.stimuli, stimuli, STIMULI["mouse"], record)
    write_checked(options.output, trials, TRIALS, record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "subjects", "repetitions")
    options.add_argument(
        "--indexes", type=Path, nargs="+", required=True, help="index of each subject's scan"
    )
    options.add_argument("--stimuli", type=Path, required=True, help="stimulus table to make")
    return options


if __name__ == "__main__":
    run(main, parser())
