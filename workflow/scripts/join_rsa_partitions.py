"""Inter-subject RSA on partitions of the stimuli: subset major, then all ordered pairs."""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

from repalign.scripting import run, script_parser
from repalign.tables.alignment_tables import RSA_SUBJECT_SUBJECT_PARTITIONS
from repalign.tables.columns import table_of
from repalign.tables.parquet import parquet_writer
from repalign.tables.prepared import read_regions, roi_groups
from repalign.tables.provenance import make_record
from repalign.tables.rsa_table import pair_columns, read_pair_of


def main(options: argparse.Namespace) -> None:
    joined = options.hemispheres == "joined"
    rois = list(roi_groups(read_regions(options.regions), joined=joined))
    keys = product(options.subsets, options.subjects, options.subjects)
    record = make_record(options.spec)
    with parquet_writer(options.output, RSA_SUBJECT_SUBJECT_PARTITIONS, record) as writer:
        for (subset, i, j), part in zip(keys, options.parts, strict=True):
            similarity = read_pair_of(
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
                "similarity": similarity.ravel(),
                "subject_i": i,
                "subject_j": j,
                "join_hemispheres": joined,
                "rep_shift": options.shift,
                "subset": subset,
            }
            writer.write_table(table_of(RSA_SUBJECT_SUBJECT_PARTITIONS, columns))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "regions", "subjects", "shift", "repetitions", "hemispheres")
    options.add_argument("--parts", type=Path, nargs="+", required=True, help="subset major")
    options.add_argument("--subsets", nargs="+", required=True, help="names, in order")
    return options


if __name__ == "__main__":
    run(main, parser())
