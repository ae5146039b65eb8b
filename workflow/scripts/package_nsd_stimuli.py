"""The stimulus set of the training or test images: a table, and their pictures in a ZIP file."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.nsd_split import PARTS, picture_name, read_split, stimulus_names
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record
from repalign.tables.stimulus_sets import write_stimulus_set


def main(options: argparse.Namespace) -> None:
    images, train = read_split(options.split)
    own = images[train == (options.part == "train")]
    columns = {
        "stimulus_id": stimulus_names(own).tolist(),
        "nsd_id": own.tolist(),
        "filename": [picture_name(image) for image in own.tolist()],
    }
    record = make_record(options.spec)
    write_stimulus_set(options.output, options.archive, options.pictures, columns, record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--archive", type=Path, required=True, help="ZIP file to make")
    options.add_argument("--split", type=Path, required=True, help="train_test_split.csv")
    options.add_argument("--pictures", type=Path, required=True, help="folder of the pictures")
    options.add_argument("--part", choices=PARTS, required=True, help="which images")
    return options


if __name__ == "__main__":
    run(main, parser())
