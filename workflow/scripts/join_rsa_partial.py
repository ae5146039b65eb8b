"""Join the partial comparisons of all ordered pairs of subjects into the table."""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

from repalign.scripting import run, script_parser
from repalign.tables.alignment_tables import RSA_SUBJECT_SUBJECT_PARTIAL
from repalign.tables.columns import Part, join_tables
from repalign.tables.prepared import read_regions, roi_groups
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    rois = roi_groups(read_regions(options.regions), joined=options.hemispheres == "joined")
    pairs = product(options.subjects, options.subjects)
    parts = [
        Part(path, {"subject_i": i, "subject_j": j, "rep_shift": options.shift}, len(rois) ** 2)
        for path, (i, j) in zip(options.parts, pairs, strict=True)
    ]
    join_tables(parts, options.output, RSA_SUBJECT_SUBJECT_PARTIAL, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "regions", "subjects", "shift", "hemispheres")
    options.add_argument("--parts", type=Path, nargs="+", required=True, help="i major")
    return options


if __name__ == "__main__":
    run(main, parser())
