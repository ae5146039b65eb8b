"""Responses of a subject to shared stimuli: the trials that comparisons of subjects read."""

from __future__ import annotations

import argparse

import numpy as np

from repalign.datasets.response_folder import select_trials
from repalign.scripting import run, script_parser
from repalign.tables.prepared import read_regions, read_trials_table
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    trials = read_trials_table(options.trials)
    own = trials[(trials["subject"] == options.subject) & trials["shared"]]
    rows = np.sort(own["trial"].to_numpy(dtype=np.int64))
    rois = read_regions(options.regions)["roi"].tolist()
    select_trials(options.responses, rois, rows, options.output)
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    return script_parser(__doc__, "responses", "trials", "regions", "subject")


if __name__ == "__main__":
    run(main, parser())
