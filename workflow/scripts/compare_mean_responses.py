"""RSA of all pairs of subjects on mean responses to images that all of them saw."""

from __future__ import annotations

import argparse
import logging
from itertools import product
from pathlib import Path

from repalign.alignment.mean_rdms import ceiling_columns, common_images, mean_rdms
from repalign.alignment.subsets import read_subset
from repalign.scripting import run, script_parser
from repalign.tables.alignment_tables import RSA_CEILINGS
from repalign.tables.columns import table_of
from repalign.tables.parquet import parquet_writer, write_table
from repalign.tables.prepared import read_regions, read_trials_table, roi_groups
from repalign.tables.provenance import make_record
from repalign.tables.rsa_table import RSA_SUBJECT_SUBJECT, pair_table

log = logging.getLogger("repalign")


def main(options: argparse.Namespace) -> None:
    joined = options.hemispheres == "joined"
    groups = roi_groups(read_regions(options.regions), joined=joined)
    trials = read_trials_table(options.trials)
    subset = read_subset(options.subset) if options.subset else None
    images = common_images(trials, options.subjects, subset)
    found = mean_rdms(
        trials,
        options.subjects,
        options.responses,
        groups,
        images,
        clip_quantile=options.clip_quantile,
        comparison=options.comparison,
        n_splits=options.n_splits,
        seed=options.seed,
        memory_mb=options.memory_mb,
    )
    similarity = found.similarity(options.comparison).astype("float32")
    record, rois = make_record(options.spec), list(groups)
    columns = ceiling_columns(found, options.subjects, rois, options.comparison)
    same = {"join_hemispheres": joined, "n_images": len(images)}
    write_table(options.ceilings, table_of(RSA_CEILINGS, {**columns, **same}), record)
    with parquet_writer(options.output, RSA_SUBJECT_SUBJECT, record) as writer:
        for (row, i), (column, j) in product(enumerate(options.subjects), repeat=2):
            square = similarity[row, :, column]
            writer.write_table(
                pair_table(square, rois, subject_i=i, subject_j=j, joined=joined, shift=0)
            )
    log.info("%d images that all of %d subjects saw", len(images), len(options.subjects))


def parser() -> argparse.ArgumentParser:
    options = script_parser(
        __doc__, "trials", "regions", "subjects", "hemispheres", "comparison", "clip-quantile",
        "seed", "subset", "memory-mb",
    )  # fmt: skip
    options.add_argument(
        "--responses", type=Path, nargs="+", required=True, help="responses of each subject"
    )
    options.add_argument("--n-splits", type=int, required=True, help="split halves")
    options.add_argument("--ceilings", type=Path, required=True, help="table of ceilings to make")
    return options


if __name__ == "__main__":
    run(main, parser())
