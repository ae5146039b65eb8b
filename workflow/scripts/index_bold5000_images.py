"""Every image of BOLD5000, from the lists of what each subject was shown."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.bold5000_images import (
    bold5000_images,
    check_pictures,
    check_real_bold5000,
)
from repalign.datasets.bold5000_trials import read_order
from repalign.datasets.nsd_index import write_csv
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    presentations = read_order(options.lists, options.events)
    images = bold5000_images(presentations, options.below)
    check_pictures(images, options.pictures)
    record = make_record(options.spec)
    if record["dataset_source"] == "real":
        check_real_bold5000(presentations, images)
    write_csv(images, options.output)
    write_sidecar(options.output, record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--lists", type=Path, nargs="*", required=True, help="folder of lists")
    options.add_argument("--events", type=Path, nargs="*", required=True, help="or BIDS events")
    options.add_argument("--pictures", type=Path, required=True, help="folder of the pictures")
    options.add_argument("--below", required=True, help="folder of the pictures in the raw data")
    return options


if __name__ == "__main__":
    run(main, parser())
