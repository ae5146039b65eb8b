"""COCO's labels of every NSD image: all of them, and the one that a rule chooses."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.coco_labels import (
    RULES,
    WRONG_PICTURES,
    labels_table,
    things_by_id,
    things_by_position,
)
from repalign.datasets.nsd_coco import read_nsd_pictures
from repalign.scripting import run, script_parser
from repalign.tables.coco_tables import COCO_OBJECTS
from repalign.tables.parquet import read_table, write_table
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    pictures = read_nsd_pictures(options.pictures)
    record = make_record(options.spec)
    if options.id_lookup == "list_position":
        labelled = things_by_position(options.instances, pictures)
        record["warning"] = WRONG_PICTURES
    else:
        labelled = things_by_id(read_table(options.objects[0], COCO_OBJECTS), pictures)
    crowds = bool(options.include_crowd)
    table = labels_table(pictures, labelled, options.label_rule, include_crowd=crowds)
    write_table(options.output, table, record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument(
        "--objects",
        type=Path,
        nargs="*",
        required=True,
        help="coco_objects.parquet, for stim_info",
    )
    options.add_argument(
        "--instances",
        type=Path,
        nargs="*",
        required=True,
        help="files of train2017 and val2017, for list_position",
    )
    options.add_argument(
        "--pictures", type=Path, required=True, help="nsd_stim_info_merged.csv or nsd_stimuli.csv"
    )
    options.add_argument(
        "--id-lookup",
        choices=["stim_info", "list_position"],
        required=True,
        help="how the picture of an image is found; list_position is wrong, as published",
    )
    options.add_argument("--label-rule", choices=RULES, required=True)
    options.add_argument(
        "--include-crowd", type=int, choices=[0, 1], required=True, help="1: crowds give labels"
    )
    return options


if __name__ == "__main__":
    run(main, parser())
