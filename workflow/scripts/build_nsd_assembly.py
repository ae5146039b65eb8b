"""The assembly of a region: mean responses of all subjects to the images they share."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.nsd_assemblies import assembly_attributes, region_assembly
from repalign.datasets.nsd_recordings import open_recordings
from repalign.datasets.nsd_split import read_split
from repalign.scripting import run, script_parser
from repalign.tables.assemblies import write_assembly
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    record = make_record(options.spec)
    images, _ = read_split(options.split)
    recordings = open_recordings(
        options.subjects, options.neuroids, options.sessions, options.trials
    )
    attributes = assembly_attributes(
        f"Allen2022.{options.region}", record["dataset_source"], options.repetitions
    )
    assembly = region_assembly(recordings, options.region, images, options.repetitions, attributes)
    write_assembly(assembly, options.output, record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "trials", "subjects", "repetitions")
    options.add_argument("--split", type=Path, required=True, help="train_test_split.csv")
    options.add_argument(
        "--neuroids", type=Path, nargs="+", required=True, help="neuroids of each subject"
    )
    options.add_argument(
        "--sessions", type=Path, nargs="+", required=True, help="sessions, subject after subject"
    )
    options.add_argument("--region", required=True, help="region, such as IT")
    return options


if __name__ == "__main__":
    run(main, parser())
