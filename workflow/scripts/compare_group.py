"""RSA of a subject with the group of all other subjects: one part of a table."""

from __future__ import annotations

import argparse
import tempfile
from itertools import product
from pathlib import Path

import numpy as np

from repalign.alignment.groups import compare_with_group, group_trials
from repalign.alignment.subsets import check_count
from repalign.alignment.vectors import VectorMaker, different_stimuli
from repalign.scripting import run, script_parser
from repalign.tables.alignment_tables import RSA_SUBJECT_GROUP
from repalign.tables.columns import table_of
from repalign.tables.parquet import write_table
from repalign.tables.prepared import read_regions, read_trials_table, roi_groups
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    joined = options.hemispheres == "joined"
    groups = roi_groups(read_regions(options.regions), joined=joined)
    others = [j for j in options.subjects if j != options.subject]
    keys, rows = group_trials(
        read_trials_table(options.trials),
        options.subject,
        others,
        options.shift,
        options.repetitions,
        options.subset[0] if options.subset else None,
    )
    check_count(len(keys), options.max_trials, str(options.output))
    keep = (
        different_stimuli(keys // options.repetitions) if options.drop_same_image_pairs else None
    )
    options.output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.output.parent, prefix=".writing-") as scratch:
        similarity, normalized = compare_with_group(
            Path(scratch),
            dict(zip(options.subjects, options.responses, strict=True)),
            groups,
            keys,
            rows,
            VectorMaker("rdm", options.clip_quantile, keep),
            subject=options.subject,
        )
    pairs = np.array(list(product(groups, groups)), dtype=np.uint16)
    table = table_of(
        RSA_SUBJECT_GROUP,
        {
            "roi_x": pairs[:, 0],
            "roi_y": pairs[:, 1],
            "similarity": similarity.astype(np.float32).ravel(),
            "subject_i": options.subject,
            "subject_j": f"group_without_{options.subject}",
            "join_hemispheres": joined,
            "rep_shift": options.shift,
            "similarity_normalized": normalized.astype(np.float32).ravel(),
        },
    )
    write_table(options.output, table, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(
        __doc__,
        "trials",
        "regions",
        "subjects",
        "subject",
        "shift",
        "repetitions",
        "hemispheres",
        "clip-quantile",
        "drop-same-image-pairs",
        "max-trials",
    )
    options.add_argument(
        "--subset", type=Path, nargs="*", default=[], help="stimuli that take part; none: all"
    )
    options.add_argument("--responses", type=Path, nargs="+", required=True, help="folders")
    return options


if __name__ == "__main__":
    run(main, parser())
