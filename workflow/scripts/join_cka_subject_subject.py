"""Unbiased CKA of all ordered pairs of subjects, in the published columns."""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

from repalign.scripting import run, script_parser
from repalign.tables.alignment_tables import CKA_SUBJECT_SUBJECT
from repalign.tables.columns import table_of
from repalign.tables.parquet import parquet_writer
from repalign.tables.prepared import read_regions, roi_groups
from repalign.tables.provenance import make_record
from repalign.tables.rsa_table import pair_columns, read_pair_of


def main(options: argparse.Namespace) -> None:
    joined = options.hemispheres == "joined"
    rois = list(roi_groups(read_regions(options.regions), joined=joined))
    record = make_record(options.spec)
    with parquet_writer(options.output, CKA_SUBJECT_SUBJECT, record) as writer:
        for (i, j), part in zip(
            product(options.subjects, options.subjects), options.parts, strict=True
        ):
            score = read_pair_of(
                part,
                rois,
                i,
                j,
                joined=joined,
                shift=options.shift,
                n_repetitions=options.repetitions,
            )
            columns = {
                **pair_columns(rois),
                "score": score.ravel(),
                "subject_i": i,
                "subject_j": j,
                "shift": options.shift,
                "join_hemispheres": joined,
                "metric": "unbiased_cka",
            }
            writer.write_table(table_of(CKA_SUBJECT_SUBJECT, columns))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "regions", "subjects", "shift", "repetitions", "hemispheres")
    options.add_argument("--parts", type=Path, nargs="+", required=True, help="i major")
    return options


if __name__ == "__main__":
    run(main, parser())
