"""Join the comparisons of all ordered pairs of different subjects, session by session."""

from __future__ import annotations

import argparse
from itertools import permutations
from pathlib import Path

from repalign.scripting import run, script_parser
from repalign.tables.alignment_tables import RSA_SUBJECT_SUBJECT_SESSIONS
from repalign.tables.columns import Part, join_tables
from repalign.tables.prepared import read_regions, roi_groups
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    joined = options.hemispheres == "joined"
    n_pairs = len(roi_groups(read_regions(options.regions), joined=joined)) ** 2
    made_with = {"join_hemispheres": joined, "dataset": options.image_set}
    parts = [
        Part(path, {"subject_i": i, "subject_j": j, **made_with}, multiple_of=n_pairs)
        for path, (i, j) in zip(options.parts, permutations(options.subjects, 2), strict=True)
    ]
    join_tables(parts, options.output, RSA_SUBJECT_SUBJECT_SESSIONS, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "regions", "subjects", "hemispheres", "image-set")
    options.add_argument("--parts", type=Path, nargs="+", required=True, help="i major, i != j")
    return options


if __name__ == "__main__":
    run(main, parser())
