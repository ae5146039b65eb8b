"""Stimuli with animate objects, or with objects none of which is animate."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from repalign.alignment.subsets import SUBSET
from repalign.models.partitions import animacy_partition, read_objects
from repalign.scripting import run, script_parser
from repalign.tables.columns import table_of
from repalign.tables.parquet import write_table
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    stimuli = np.sort(animacy_partition(read_objects(options.objects))[options.partition])
    table = table_of(SUBSET, {"stimulus": stimuli.astype(np.uint32)})
    write_table(options.output, table, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument(
        "--objects", type=Path, required=True, help="coco_objects_annotations.csv"
    )
    options.add_argument("--partition", choices=["animate", "inanimate"], required=True)
    return options


if __name__ == "__main__":
    run(main, parser())
