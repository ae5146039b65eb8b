"""Take the voxels of a LAION-fMRI subject's regions out of the betas of one session."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from repalign.datasets.laion_voxels import read_voxels
from repalign.datasets.responses import extract_voxels
from repalign.scripting import run, script_parser
from repalign.tables.prepared import read_trials_table
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    trials = read_trials_table(options.trials)
    own = (trials["subject"] == options.subject) & (trials["session"] == options.session)
    extract_voxels(
        options.betas,
        read_voxels(options.voxels),
        options.voxels,
        options.output,
        n_trials=int(np.count_nonzero(own)),
        non_finite="refuse_chosen",
    )
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "trials", "subject")
    options.add_argument("--betas", type=Path, required=True, help="betas of the session")
    options.add_argument("--voxels", type=Path, required=True, help="voxels of the subject")
    options.add_argument("--session", type=int, required=True, help="number of the session")
    return options


if __name__ == "__main__":
    run(main, parser())
