"""One control matrix for partial RSA, from shared components and annotations of the images."""

from __future__ import annotations

import argparse

from repalign.alignment.orientation import read_oriented
from repalign.models.computed_controls import control_table
from repalign.scripting import run, script_parser
from repalign.tables.parquet import write_table
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    components, annotations = read_oriented(options.components, options.annotations)
    table = control_table(options.control, annotations, components)
    write_table(options.output, table, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "components", "annotations")
    options.add_argument("--control", required=True, help="name of the control")
    return options


if __name__ == "__main__":
    run(main, parser())
