"""Put the blocks of regions of an inter-subject null beside one another."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from repalign.alignment.null_options import write_null
from repalign.scripting import run, script_parser


def main(options: argparse.Namespace) -> None:
    blocks = [np.load(path, allow_pickle=False) for path in options.parts]
    write_null(options.output, np.concatenate(blocks, axis=1), options.spec)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "regions", "permutations")
    options.add_argument("--parts", type=Path, nargs="+", required=True, help="by region")
    return options


if __name__ == "__main__":
    run(main, parser())
