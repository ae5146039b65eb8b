"""Objects in the shown pictures, as COCO lists them."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.models.images import open_brick
from repalign.models.scene_objects import annotated, wanted_pictures, write_scene_objects
from repalign.scripting import run, script_parser
from repalign.tables.coco_tables import COCO_OBJECTS
from repalign.tables.parquet import read_table
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    pictures = wanted_pictures(options.stimuli, options.picture_set)
    objects = read_table(options.objects, COCO_OBJECTS).to_pandas()
    size = open_brick(options.images, pictures[:1], encoding="exact").picture(0).size
    found = annotated(objects, pictures, size, crowds=bool(options.crowds))
    record = make_record(options.spec)
    write_scene_objects(options.output, found, record, clip=not options.raw_area)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "picture-set", "raw-area", "crowds")
    options.add_argument("--objects", type=Path, required=True, help="coco_objects.parquet")
    options.add_argument("--stimuli", type=Path, required=True, help="stimuli.parquet")
    options.add_argument("--images", type=Path, required=True, help="nsd_stimuli.hdf5")
    return options


if __name__ == "__main__":
    run(main, parser())
