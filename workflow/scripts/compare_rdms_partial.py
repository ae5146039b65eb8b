"""Partial RSA of the regions of two subjects, one control at a time: one part of a table."""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

import numpy as np

from repalign.alignment.pairs import check_trials
from repalign.alignment.partial import (
    DISTANCE,
    UNCONTROLLED,
    compare_pair_with_controls,
    control_vectors,
    hold_constant,
)
from repalign.alignment.vectors import different_stimuli
from repalign.models.controls import read_controls
from repalign.scripting import run, script_parser
from repalign.tables.alignment_tables import RSA_SUBJECT_SUBJECT_PARTIAL
from repalign.tables.columns import table_of
from repalign.tables.parquet import parquet_writer
from repalign.tables.provenance import make_record
from repalign.tables.rdm_store import RdmReader


def main(options: argparse.Namespace) -> None:
    x, y = RdmReader(options.x), RdmReader(options.y)
    check_trials(x, y)
    controls = read_controls(options.controls, options.control_id)
    stimuli = x.keys // options.repetitions
    keep = different_stimuli(stimuli) if options.drop_same_image_pairs else None
    vectors = control_vectors(controls, stimuli, keep)
    similarities = compare_pair_with_controls(x, y, vectors)
    pairs = np.array(list(product(x.rois, x.rois)), dtype=np.uint16)
    with parquet_writer(
        options.output, RSA_SUBJECT_SUBJECT_PARTIAL, make_record(options.spec)
    ) as writer:
        for name, similarity in hold_constant(*similarities, options.control_names):
            columns = {
                "roi_x": pairs[:, 0],
                "roi_y": pairs[:, 1],
                "similarity": similarity.astype(np.float32).ravel(),
                "subject_i": options.subject_i,
                "subject_j": options.subject_j,
                "join_hemispheres": options.hemispheres == "joined",
                "rep_shift": options.shift,
                "control": name,
                "distance": UNCONTROLLED if name == UNCONTROLLED else DISTANCE,
            }
            writer.write_table(table_of(RSA_SUBJECT_SUBJECT_PARTIAL, columns))


def parser() -> argparse.ArgumentParser:
    options = script_parser(
        __doc__,
        "controls",
        "control-id",
        "control-names",
        "subject-i",
        "subject-j",
        "shift",
        "repetitions",
        "drop-same-image-pairs",
        "hemispheres",
    )
    options.add_argument("--x", type=Path, required=True, help="RDM vectors of subject i")
    options.add_argument("--y", type=Path, required=True, help="RDM vectors of subject j")
    return options


if __name__ == "__main__":
    run(main, parser())
