"""Trials and stimuli of LAION-fMRI, joined by number of volume and name of image."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from repalign.datasets.laion_facts import check_real_trials
from repalign.datasets.laion_metadata import read_metadata
from repalign.datasets.laion_trials import (
    laion_stimuli,
    laion_trials,
    read_presentations,
    short_images,
)
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record
from repalign.tables.schemas import STIMULI, TRIALS, write_checked

log = logging.getLogger("repalign")


def main(options: argparse.Namespace) -> None:
    sessions = [
        (subject, session)
        for subject, count in zip(options.subjects, options.sessions, strict=True)
        for session in range(1, count + 1)
    ]
    metadata = read_metadata(options.metadata)
    shown = read_presentations(dict(zip(sessions, options.tables, strict=True)), metadata)
    trials = laion_trials(shown, metadata)
    short = short_images(trials, metadata)
    names = metadata["image_name"]
    log.info("%d images that some subject saw less often than planned", len(short))
    for image, showings in list(short.items())[:20]:
        log.info("%s: showings by subject %s", names.iloc[image], showings)
    stimuli = laion_stimuli(metadata, short)
    record = make_record(options.spec)
    if record["dataset_source"] == "real":
        check_real_trials(trials, stimuli)
    write_checked(options.stimuli, stimuli, STIMULI["laion"], record)
    write_checked(options.output, trials, TRIALS, record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "subjects")
    options.add_argument("--metadata", type=Path, required=True, help="table of images")
    options.add_argument(
        "--tables", type=Path, nargs="+", required=True, help="trial tables, subject major"
    )
    options.add_argument(
        "--sessions", type=int, nargs="+", required=True, help="number of each subject"
    )
    options.add_argument("--stimuli", type=Path, required=True, help="stimulus table to make")
    return options


if __name__ == "__main__":
    run(main, parser())
