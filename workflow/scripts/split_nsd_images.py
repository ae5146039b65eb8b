"""The images that all subjects were shown three times, for training and for testing."""

from __future__ import annotations

import argparse

from repalign.datasets.complete_images import complete_images
from repalign.datasets.nsd_assemblies import check_real_count, split_images
from repalign.datasets.nsd_split import write_split
from repalign.scripting import run, script_parser
from repalign.tables.prepared import read_trials_table
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    trials = read_trials_table(options.trials)
    images = complete_images(trials, options.subjects, options.repetitions)
    record = make_record(options.spec)
    if record["dataset_source"] == "real":
        check_real_count(images, options.subjects)
    write_split(options.output, images, split_images(images, options.train_share, options.seed))
    write_sidecar(options.output, record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "trials", "subjects", "repetitions", "seed")
    options.add_argument("--train-share", type=float, required=True, help="share for training")
    return options


if __name__ == "__main__":
    run(main, parser())
