"""Responses of a subject to the shared images of a session, and sums over all its trials."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from repalign.datasets.nsd_betas import read_session_sums, write_session_sums
from repalign.datasets.nsd_design import read_design
from repalign.scripting import run, script_parser
from repalign.tables.neuroids import read_neuroids
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    design = read_design(options.design)
    neuroids = read_neuroids(options.neuroids)
    n_trials = design.n_trials_per_session
    start = (options.session - 1) * n_trials
    # Shared images have the first positions, for every subject.
    shared = np.flatnonzero(design.order[start : start + n_trials] < design.shared.size)
    session = read_session_sums(
        options.betas, neuroids.grid, neuroids.voxels, shared.astype(np.int64), n_trials
    )
    write_session_sums(options.output, session)
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--neuroids", type=Path, required=True, help="neuroids of the subject")
    options.add_argument("--betas", type=Path, required=True, help="betas_sessionYY.hdf5")
    options.add_argument("--design", type=Path, required=True, help="nsd_expdesign.mat")
    options.add_argument("--session", type=int, required=True, help="session number, from 1")
    return options


if __name__ == "__main__":
    run(main, parser())
