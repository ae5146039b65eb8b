"""Trials and stimuli of NSD, checked between the experiment design and the stimulus table."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.nsd_design import read_design
from repalign.datasets.nsd_facts import check_real_nsd
from repalign.datasets.nsd_stim_info import read_stim_info
from repalign.datasets.nsd_trials import prepared_stimuli, prepared_trials
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record
from repalign.tables.schemas import STIMULI, TRIALS, write_checked


def main(options: argparse.Namespace) -> None:
    design = read_design(options.design)
    stimulus_info = read_stim_info(options.stimulus_info)
    sessions = dict(zip(options.subjects, options.sessions, strict=True))
    trials = prepared_trials(design, stimulus_info, sessions)
    stimuli = prepared_stimuli(stimulus_info)
    if options.source == "real":
        check_real_nsd(trials, stimuli, sessions=sessions)
    record = make_record(options.spec)
    write_checked(options.stimuli, stimuli, STIMULI["nsd"], record)
    write_checked(options.output, trials, TRIALS, record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "subjects")
    options.add_argument("--design", type=Path, required=True, help="nsd_expdesign.mat")
    options.add_argument(
        "--stimulus-info", type=Path, required=True, help="nsd_stim_info_merged.csv"
    )
    options.add_argument("--sessions", type=int, nargs="+", required=True, help="of each subject")
    options.add_argument("--stimuli", type=Path, required=True, help="stimulus table to make")
    return options


if __name__ == "__main__":
    run(main, parser())
