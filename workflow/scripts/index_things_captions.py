"""Generated captions of THINGS in the layout of its index files, ordered by things_id."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.nsd_index import write_csv
from repalign.datasets.things_images import read_things_images
from repalign.datasets.things_index import captions_index
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    images = read_things_images(options.images)
    write_csv(captions_index(options.captions, images), options.output)
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--captions", type=Path, required=True, help="generated captions")
    options.add_argument("--images", type=Path, required=True, help="images.csv")
    return options


if __name__ == "__main__":
    run(main, parser())
