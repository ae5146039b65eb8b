"""The assemblies that Brain-Score trains and tests on: all subjects and regions, z-scored."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.nsd_assemblies import (
    assembly_attributes,
    benchmark_pair,
    stimulus_set_name,
)
from repalign.datasets.nsd_recordings import open_recordings
from repalign.datasets.nsd_split import PARTS, read_split
from repalign.scripting import run, script_parser
from repalign.tables.assemblies import write_assembly
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    record = make_record(options.spec)
    images, train = read_split(options.split)
    recordings = open_recordings(
        options.subjects, options.neuroids, options.sessions, options.trials
    )
    of_train, of_test = (
        assembly_attributes(
            f"Allen2022_fMRI{options.variant}_{part}_Assembly",
            record["dataset_source"],
            options.repetitions if part == "train" else 1,
            stimulus_set_identifier=stimulus_set_name(options.variant, part),
            global_zscore=options.global_zscore,
        )
        for part in PARTS
    )
    pair = benchmark_pair(
        recordings, images, train, options.repetitions, options.global_zscore, (of_train, of_test)
    )
    for assembly, path in zip(pair, (options.output, options.test), strict=True):
        write_assembly(assembly, path, record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "trials", "subjects", "repetitions")
    options.add_argument("--test", type=Path, required=True, help="test assembly to make")
    options.add_argument("--split", type=Path, required=True, help="train_test_split.csv")
    options.add_argument(
        "--neuroids", type=Path, nargs="+", required=True, help="neuroids of each subject"
    )
    options.add_argument(
        "--sessions", type=Path, nargs="+", required=True, help="sessions, subject after subject"
    )
    options.add_argument("--variant", required=True, help="in identifiers: empty, or _4subj")
    options.add_argument(
        "--global-zscore",
        choices=["all_images", "train_only"],
        required=True,
        help="images that give mean and standard deviation of a neuroid",
    )
    return options


if __name__ == "__main__":
    run(main, parser())
