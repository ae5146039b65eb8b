"""Check a BOLD5000 subject's atlas and number it: 1-180 left, 181-360 right."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.bold5000_atlas import relabel_atlas
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    relabel_atlas(options.atlas, options.output)
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--atlas", type=Path, required=True, help="labels in functional space")
    return options


if __name__ == "__main__":
    run(main, parser())
