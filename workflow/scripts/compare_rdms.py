"""RSA of every region of subject i with every region of subject j: one part of a table."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.alignment.device import check_device
from repalign.alignment.pairs import check_trials, compare_regions
from repalign.scripting import run, script_parser
from repalign.tables.parquet import write_table
from repalign.tables.provenance import make_record
from repalign.tables.rdm_store import RdmReader
from repalign.tables.rsa_table import pair_table


def main(options: argparse.Namespace) -> None:
    check_device(options.device)
    x, y = RdmReader(options.x), RdmReader(options.y)
    check_trials(x, y)
    similarity = compare_regions(x, y, options.device)
    table = pair_table(
        similarity,
        x.rois.tolist(),
        subject_i=options.subject_i,
        subject_j=options.subject_j,
        joined=options.hemispheres == "joined",
        shift=options.shift,
    )
    write_table(options.output, table, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "subject-i", "subject-j", "shift", "hemispheres", "device")
    options.add_argument("--x", type=Path, required=True, help="RDM vectors of subject i")
    options.add_argument("--y", type=Path, required=True, help="RDM vectors of subject j")
    return options


if __name__ == "__main__":
    run(main, parser())
