"""Every object that COCO lists for an NSD image."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.coco_objects import objects_index
from repalign.datasets.nsd_index import write_csv
from repalign.scripting import run, script_parser
from repalign.tables.coco_tables import COCO_OBJECTS
from repalign.tables.parquet import read_table
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    table = read_table(options.objects, COCO_OBJECTS)
    index = objects_index(table, options.geometry, crowds=bool(options.crowds))
    write_csv(index, options.output)
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "crowds")
    options.add_argument("--objects", type=Path, required=True, help="coco_objects.parquet")
    options.add_argument(
        "--geometry", choices=["original", "crop"], required=True, help="of boxes and areas"
    )
    return options


if __name__ == "__main__":
    run(main, parser())
