"""Trials and stimuli of BOLD5000, matched by name with the index of images."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.bold5000_facts import check_real_trials
from repalign.datasets.bold5000_trials import (
    bold5000_stimuli,
    bold5000_trials,
    read_bold5000_images,
    read_order,
    shown_to,
)
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record
from repalign.tables.schemas import STIMULI, TRIALS, write_checked


def main(options: argparse.Namespace) -> None:
    sessions = dict(zip(options.subjects, options.sessions, strict=True))
    shown = shown_to(read_order(options.lists, options.events), sessions)
    images = read_bold5000_images(options.images)
    trials, stimuli = bold5000_trials(shown, images), bold5000_stimuli(images)
    record = make_record(options.spec)
    if record["dataset_source"] == "real":
        check_real_trials(trials, stimuli)
    write_checked(options.stimuli, stimuli, STIMULI["bold5000"], record)
    write_checked(options.output, trials, TRIALS, record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "subjects")
    options.add_argument("--images", type=Path, required=True, help="images.csv")
    options.add_argument("--lists", type=Path, nargs="*", required=True, help="folder of lists")
    options.add_argument("--events", type=Path, nargs="*", required=True, help="or BIDS events")
    options.add_argument("--sessions", type=int, nargs="+", required=True, help="of each subject")
    options.add_argument("--stimuli", type=Path, required=True, help="stimulus table to make")
    return options


if __name__ == "__main__":
    run(main, parser())
