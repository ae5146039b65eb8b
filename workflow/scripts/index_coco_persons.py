"""Every person that COCO lists for an NSD image, with keypoints."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.coco_persons import persons_index, read_persons
from repalign.datasets.nsd_coco import read_nsd_pictures
from repalign.datasets.nsd_index import write_csv
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    pictures = read_nsd_pictures(options.pictures)
    files = read_persons(options.person_keypoints, pictures)
    write_csv(
        persons_index(files, pictures, legacy_filter=bool(options.legacy_filter)), options.output
    )
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument(
        "--person-keypoints", type=Path, nargs=2, required=True,
        help="files of train2017 and val2017",
    )  # fmt: skip
    options.add_argument(
        "--pictures", type=Path, required=True, help="nsd_stim_info_merged.csv or nsd_stimuli.csv"
    )
    options.add_argument(
        "--legacy-filter",
        type=int,
        choices=[0, 1],
        required=True,
        help="1: people without keypoints are left out of train2017 alone",
    )
    return options


if __name__ == "__main__":
    run(main, parser())
