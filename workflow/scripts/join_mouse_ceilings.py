"""Join the noise ceilings of all mouse scans, a row a neuron."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from repalign.scripting import run, script_parser
from repalign.tables.columns import Part, join_tables
from repalign.tables.mouse_schemas import CEILINGS
from repalign.tables.provenance import make_record

log = logging.getLogger("repalign")


def main(options: argparse.Namespace) -> None:
    named = zip(options.parts, options.keys, strict=True)
    parts = [Part(path, {"data_key": key}) for path, key in named]
    n_rows = join_tables(parts, options.output, CEILINGS, make_record(options.spec))
    log.info("%d neurons of %d scans", n_rows, len(parts))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--parts", type=Path, nargs="+", required=True, help="one a scan")
    options.add_argument("--keys", nargs="+", required=True, help="data keys, in order")
    return options


if __name__ == "__main__":
    run(main, parser())
