"""Permutation null of inter-subject similarity, for a block of regions."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.alignment.device import check_device
from repalign.alignment.null_options import draws_of, write_null
from repalign.alignment.nulls import pair_classes, subject_null
from repalign.scripting import run, script_parser


def main(options: argparse.Namespace) -> None:
    check_device(options.device)
    pairs = [(i, j) for i in options.subjects for j in options.subjects if i != j]
    sides = dict(zip(pairs, zip(options.x, options.y, strict=True), strict=True))
    classes = pair_classes(sides)
    n_max = max(len(found.keys) for found in classes)
    stop = min(options.first_row + options.n_rows, len(next(iter(classes[0].x.values())).rois))
    null = subject_null(classes, range(options.first_row, stop), draws_of(options, n_max))
    write_null(options.output, null, options.spec)


def parser() -> argparse.ArgumentParser:
    options = script_parser(
        __doc__,
        "subjects",
        "repetitions",
        "permutations",
        "seed",
        "scheme",
        "unit",
        "n-images",
        "device",
    )
    options.add_argument("--x", type=Path, nargs="+", required=True, help="by pair, i major")
    options.add_argument("--y", type=Path, nargs="+", required=True, help="by pair, i major")
    options.add_argument("--first-row", type=int, required=True, help="first region of the block")
    options.add_argument("--n-rows", type=int, required=True, help="regions in a block")
    return options


if __name__ == "__main__":
    run(main, parser())
