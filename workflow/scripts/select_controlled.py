"""Stimuli for which the control tables have values."""

from __future__ import annotations

import argparse

import numpy as np

from repalign.alignment.subsets import SUBSET
from repalign.models.controls import read_controls
from repalign.scripting import run, script_parser
from repalign.tables.columns import table_of
from repalign.tables.parquet import write_table
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    controls = read_controls(options.controls, options.control_id)
    stimuli = np.sort(next(iter(controls.values())).ids)
    table = table_of(SUBSET, {"stimulus": stimuli.astype(np.uint32)})
    write_table(options.output, table, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    return script_parser(__doc__, "controls", "control-id")


if __name__ == "__main__":
    run(main, parser())
