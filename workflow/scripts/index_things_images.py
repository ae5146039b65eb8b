"""Every image of THINGS, from the folder of its pictures."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.nsd_index import write_csv
from repalign.datasets.things_images import (
    check_real_things,
    find_pictures,
    read_concepts,
    things_images,
)
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    concepts = read_concepts(options.concepts)
    images = things_images(find_pictures(options.pictures), concepts, options.below)
    record = make_record(options.spec)
    if record["dataset_source"] == "real":
        check_real_things(images, concepts)
    write_csv(images, options.output)
    write_sidecar(options.output, record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--pictures", type=Path, required=True, help="folder of the pictures")
    options.add_argument("--concepts", type=Path, required=True, help="names of the concepts")
    options.add_argument("--below", required=True, help="folder of the pictures in the raw data")
    return options


if __name__ == "__main__":
    run(main, parser())
