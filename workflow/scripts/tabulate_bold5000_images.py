"""The index of BOLD5000's images as parquet, with the dense number of each."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.bold5000_index import images_table
from repalign.datasets.bold5000_trials import read_bold5000_images
from repalign.scripting import run, script_parser
from repalign.tables.parquet import write_table
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    table = images_table(read_bold5000_images(options.images))
    write_table(options.output, table, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--images", type=Path, required=True, help="images.csv")
    return options


if __name__ == "__main__":
    run(main, parser())
