"""Trials and stimuli of THINGS-fMRI, matched by name with the index of images."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.things_facts import check_real_trials
from repalign.datasets.things_images import read_things_images
from repalign.datasets.things_trials import read_shown, things_stimuli, things_trials
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record
from repalign.tables.schemas import STIMULI, TRIALS, write_checked


def main(options: argparse.Namespace) -> None:
    shown = read_shown(options.metadata, options.events, options.subjects)
    images = read_things_images(options.images)
    trials, stimuli = things_trials(shown, images), things_stimuli(shown, images)
    record = make_record(options.spec)
    if record["dataset_source"] == "real":
        check_real_trials(trials, stimuli)
    write_checked(options.stimuli, stimuli, STIMULI["things"], record)
    write_checked(options.output, trials, TRIALS, record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "subjects")
    options.add_argument("--images", type=Path, required=True, help="images.csv")
    options.add_argument(
        "--metadata", type=Path, nargs="*", required=True, help="metadata of each subject"
    )
    options.add_argument("--events", type=Path, nargs="*", required=True, help="or BIDS events")
    options.add_argument("--stimuli", type=Path, required=True, help="stimulus table to make")
    return options


if __name__ == "__main__":
    run(main, parser())
