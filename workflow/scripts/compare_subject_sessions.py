"""RSA of the regions of two subjects in each session of the first: one part of a table."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from repalign.alignment.device import check_device
from repalign.alignment.session_pairs import SessionComparer
from repalign.alignment.subsets import read_subset
from repalign.alignment.vectors import VectorMaker, different_stimuli
from repalign.scripting import run, script_parser
from repalign.tables.alignment_tables import RSA_SUBJECT_SUBJECT_SESSIONS
from repalign.tables.columns import table_of
from repalign.tables.parquet import parquet_writer
from repalign.tables.prepared import read_regions, read_trials_table, roi_groups
from repalign.tables.provenance import make_record
from repalign.tables.rsa_table import pair_columns


def main(options: argparse.Namespace) -> None:
    check_device(options.device)
    joined = options.hemispheres == "joined"
    groups = roi_groups(read_regions(options.regions), joined=joined)
    stimuli = read_subset(options.subset) if options.subset else None

    def maker(keys: npt.NDArray[np.int64]) -> VectorMaker:
        shown = keys // options.repetitions
        keep = different_stimuli(shown) if options.drop_same_image_pairs else None
        return VectorMaker("rdm", options.clip_quantile, keep)

    compare = SessionComparer(
        tuple(options.responses),
        groups,
        maker,
        min_trials=options.min_trials,
        memory_mb=options.memory_mb,
        device=options.device,
    )
    options.output.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=options.output.parent, prefix=".writing-") as scratch,
        parquet_writer(
            options.output, RSA_SUBJECT_SUBJECT_SESSIONS, make_record(options.spec)
        ) as writer,
    ):
        for session, similarity in compare(
            read_trials_table(options.trials),
            (options.subject_i, options.subject_j),
            options.repetitions,
            stimuli,
            Path(scratch),
        ):
            columns = {
                "session": session,
                **pair_columns(list(groups)),
                "similarity": similarity.astype(np.float32).ravel(),
                "subject_i": options.subject_i,
                "subject_j": options.subject_j,
                "join_hemispheres": joined,
                "dataset": options.image_set,
                "rep_shift": options.image_set,
            }
            writer.write_table(table_of(RSA_SUBJECT_SUBJECT_SESSIONS, columns))


def parser() -> argparse.ArgumentParser:
    options = script_parser(
        __doc__,
        "trials",
        "regions",
        "subset",
        "subject-i",
        "subject-j",
        "repetitions",
        "hemispheres",
        "image-set",
        "clip-quantile",
        "min-trials",
        "drop-same-image-pairs",
        "memory-mb",
        "device",
    )
    options.add_argument(
        "--responses", type=Path, nargs=2, required=True, help="folders of subjects i and j"
    )
    return options


if __name__ == "__main__":
    run(main, parser())
