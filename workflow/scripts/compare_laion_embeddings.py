"""How alike the embeddings that were made are to the released ones, by kind of image."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.laion_metadata import read_metadata
from repalign.models.laion_reproduction import compare_embeddings
from repalign.scripting import run, script_parser
from repalign.tables.atomic import atomic_file
from repalign.tables.laion_layout import WIDTHS
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    images = read_metadata(options.metadata)
    pairs = dict(zip(WIDTHS, zip(options.produced, options.released, strict=True), strict=True))
    table = compare_embeddings(pairs, images)
    with atomic_file(options.output) as temporary:
        table.to_csv(temporary, sep="\t", index=False, lineterminator="\n", float_format="%.6f")
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    add = options.add_argument
    add("--metadata", type=Path, required=True, help="task-images_metadata.csv")
    add("--produced", type=Path, nargs=len(WIDTHS), required=True, help="files of the workflow")
    add("--released", type=Path, nargs=len(WIDTHS), required=True, help="files of the release")
    return options


if __name__ == "__main__":
    run(main, parser())
