"""The kept trials of all sessions of a subject, one matrix of trials x voxels."""

from __future__ import annotations

import argparse
from pathlib import Path

import pyarrow.compute as pc

from repalign.datasets.curated_files import write_responses
from repalign.datasets.curation import kept_of
from repalign.scripting import run, script_parser
from repalign.tables.curated_tables import CURATED_TRIALS
from repalign.tables.parquet import read_table
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    trials = read_table(options.trials, CURATED_TRIALS)
    write_responses(
        kept_of(trials, options.subject, options.label_level),
        options.sessions,
        options.valid,
        options.grey_matter,
        output=options.output,
        own_mask=options.columns,
        valid_sessions=options.counts,
        n_trials=pc.max(trials["trial_in_session"]).as_py() + 1,
        scale=options.scale,
        invalid=options.invalid_voxels,
    )
    for made in (options.output, options.columns, options.counts):
        write_sidecar(made, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "trials", "subject", "label-level", "grey-matter")
    options.add_argument(
        "--sessions", type=Path, nargs="+", required=True, help="resampled sessions, in order"
    )
    options.add_argument(
        "--valid", type=Path, nargs="+", required=True, help="voxels with data in each"
    )
    options.add_argument("--scale", choices=["percent", "stored"], required=True)
    options.add_argument("--invalid-voxels", choices=["report", "drop"], required=True)
    options.add_argument("--columns", type=Path, required=True, help="columns, to make")
    options.add_argument("--counts", type=Path, required=True, help="sessions with data, to make")
    return options


if __name__ == "__main__":
    run(main, parser())
