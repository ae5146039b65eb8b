"""RSA of every region of subject i with every region of subject j: one part of a table."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from repalign.errors import RepalignError
from repalign.kernels.comparison import DEFAULT_BLOCK, rsa_matrix
from repalign.scripting import run, script_parser
from repalign.tables.parquet import write_table
from repalign.tables.progress import progress
from repalign.tables.provenance import make_record
from repalign.tables.rdm_store import RdmReader
from repalign.tables.rsa_table import pair_table


def main(options: argparse.Namespace) -> None:
    x, y = RdmReader(options.x), RdmReader(options.y)
    check_trials(x, y)
    # The block length is fixed, so that the order of summation depends on the data alone.
    n_blocks = -(-x.shape[1] // DEFAULT_BLOCK)
    blocks = zip(x.blocks(DEFAULT_BLOCK), y.blocks(DEFAULT_BLOCK), strict=True)
    similarity = rsa_matrix(progress(blocks, "blocks of pairs", total=n_blocks))
    table = pair_table(
        similarity,
        x.rois.tolist(),
        subject_i=options.subject_i,
        subject_j=options.subject_j,
        joined=options.hemispheres == "joined",
        shift=options.shift,
    )
    write_table(options.output, table, make_record(options.spec))


def check_trials(x: RdmReader, y: RdmReader) -> None:
    """Refuse RDMs whose trials or regions are not the same ones in the same order."""
    if not np.array_equal(x.rois, y.rois):
        raise RepalignError(
            f"{len(x.rois)} and {len(y.rois)} regions that are not the same",
            where=f"{x.folder} and {y.folder}",
            expected="RDMs of the same regions",
            remedy="Delete both folders and run the workflow again.",
        )
    if not np.array_equal(x.keys, y.keys):
        both = len(np.intersect1d(x.keys, y.keys))
        raise RepalignError(
            f"{len(x.keys)} and {len(y.keys)} trials, {both} of them in common",
            where=f"{x.folder} and {y.folder}",
            expected="the same images and repetitions in the same order",
            remedy=(
                "The subjects have no common trial order. Set rsa.trial_sets: per_pair in "
                "config/config.yaml."
            ),
        )


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--x", type=Path, required=True, help="RDM vectors of subject i")
    options.add_argument("--y", type=Path, required=True, help="RDM vectors of subject j")
    options.add_argument("--subject-i", type=int, required=True)
    options.add_argument("--subject-j", type=int, required=True)
    options.add_argument("--shift", type=int, required=True, help="shift of the repetitions")
    options.add_argument("--hemispheres", choices=["joined", "separated"], required=True)
    return options


if __name__ == "__main__":
    run(main, parser())
