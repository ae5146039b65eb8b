"""COCO's objects in NSD images, in COCO's picture and in the square that was shown."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.coco_objects import objects_table, read_instances
from repalign.datasets.nsd_coco import read_nsd_pictures
from repalign.scripting import run, script_parser
from repalign.tables.parquet import write_table
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    pictures = read_nsd_pictures(options.pictures)
    table = objects_table(read_instances(options.instances, pictures), pictures)
    write_table(options.output, table, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument(
        "--instances", type=Path, nargs=2, required=True, help="files of train2017 and val2017"
    )
    options.add_argument(
        "--pictures", type=Path, required=True, help="nsd_stim_info_merged.csv or nsd_stimuli.csv"
    )
    return options


if __name__ == "__main__":
    run(main, parser())
