"""Take the labelled voxels of one session out of its 4-D betas: trials x voxels."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.bold5000_trials import session_counts
from repalign.datasets.responses import extract_session
from repalign.scripting import run, script_parser
from repalign.tables.prepared import ALL_REGIONS, read_trials_table
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    counts = session_counts(read_trials_table(options.trials), options.subject)
    extract_session(
        options.betas,
        options.atlas,
        ALL_REGIONS,
        options.output,
        n_trials=counts[options.session],
        non_finite=options.non_finite,
    )
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "trials", "subject")
    options.add_argument("--betas", type=Path, required=True, help="betas of the session")
    options.add_argument("--atlas", type=Path, required=True, help="atlas with labels 0-360")
    options.add_argument("--session", type=int, required=True, help="number of the session")
    options.add_argument("--non-finite", choices=["zero", "refuse"], required=True)
    return options


if __name__ == "__main__":
    run(main, parser())
