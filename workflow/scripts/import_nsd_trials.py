"""Trials and stimuli from a published-layout nsd_stimuli.csv."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.nsd_facts import check_real_nsd
from repalign.datasets.nsd_stimuli_csv import stimuli_from_stimuli_csv, trials_from_stimuli_csv
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record
from repalign.tables.schemas import STIMULI, TRIALS, write_checked


def main(options: argparse.Namespace) -> None:
    sessions = dict(zip(options.subjects, options.sessions, strict=True))
    trials = trials_from_stimuli_csv(options.stimuli_index, options.subjects, sessions)
    if options.source == "real":
        # Images that no selected subject sees may be absent here, so only trials are counted.
        check_real_nsd(trials, sessions=sessions)
    record = make_record(options.spec)
    stimuli = stimuli_from_stimuli_csv(options.stimuli_index)
    write_checked(options.stimuli, stimuli, STIMULI["nsd"], record)
    write_checked(options.output, trials, TRIALS, record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "subjects")
    options.add_argument("--stimuli-index", type=Path, required=True, help="nsd_stimuli.csv")
    options.add_argument("--sessions", type=int, nargs="+", required=True, help="of each subject")
    options.add_argument("--stimuli", type=Path, required=True, help="stimulus table to make")
    return options


if __name__ == "__main__":
    run(main, parser())
