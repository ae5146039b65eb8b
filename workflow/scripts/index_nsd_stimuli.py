"""Every planned trial of every subject, with its image, session and repetition."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.nsd_design import read_design
from repalign.datasets.nsd_index import stimuli_index, write_csv
from repalign.datasets.nsd_stim_info import check_agreement, read_stim_info
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    design = read_design(options.design)
    stimulus_info = read_stim_info(options.stimulus_info)
    check_agreement(design, stimulus_info)
    sessions = dict(zip(options.subjects, options.sessions, strict=True))
    table = stimuli_index(
        stimulus_info, sessions, design.n_trials_per_session, options.betas_pattern
    )
    write_csv(table, options.output)
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "subjects")
    options.add_argument(
        "--stimulus-info", type=Path, required=True, help="nsd_stim_info_merged.csv"
    )
    options.add_argument("--design", type=Path, required=True, help="nsd_expdesign.mat")
    options.add_argument("--sessions", type=int, nargs="+", required=True, help="of each subject")
    options.add_argument("--betas-pattern", required=True, help="path of a session's betas")
    return options


if __name__ == "__main__":
    run(main, parser())
