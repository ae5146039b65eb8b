"""The pictures of the training or test images, one PNG file each."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.nsd_split import PARTS, picture_name, read_split
from repalign.models.images import open_brick
from repalign.scripting import run, script_parser
from repalign.tables.atomic import atomic_folder
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    images, train = read_split(options.split)
    own = images[train == (options.part == "train")]
    pictures = open_brick(options.images, own, encoding="exact")
    with atomic_folder(options.output) as folder:
        for k, image in enumerate(own.tolist()):
            (folder / picture_name(image)).write_bytes(pictures.encoded(k))
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--split", type=Path, required=True, help="train_test_split.csv")
    options.add_argument("--images", type=Path, required=True, help="nsd_stimuli.hdf5")
    options.add_argument("--part", choices=PARTS, required=True, help="which images")
    return options


if __name__ == "__main__":
    run(main, parser())
