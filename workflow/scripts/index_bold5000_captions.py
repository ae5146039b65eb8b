"""Generated captions of BOLD5000 in the layout of its index files, ordered by bold_position."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.bold5000_index import captions_index
from repalign.datasets.bold5000_trials import read_bold5000_images
from repalign.datasets.nsd_index import write_csv
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    images = read_bold5000_images(options.images)
    write_csv(captions_index(options.captions, images), options.output)
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--captions", type=Path, required=True, help="generated captions")
    options.add_argument("--images", type=Path, required=True, help="images.csv")
    return options


if __name__ == "__main__":
    run(main, parser())
