"""All planned trials of all subjects, with the labels of their images."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.curated_facts import check_real_trials, check_responses
from repalign.datasets.curation import labelled_trials
from repalign.datasets.nsd_design import read_design
from repalign.datasets.nsd_stim_info import read_stim_info
from repalign.scripting import run, script_parser
from repalign.tables.curated_tables import COCO_LABELS
from repalign.tables.parquet import read_table, write_table
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    table = labelled_trials(
        read_design(options.design),
        read_stim_info(options.stimulus_info),
        read_table(options.labels, COCO_LABELS).to_pandas(),
        dict(zip(options.subjects, options.sessions, strict=True)),
    )
    if options.source == "real":
        check_real_trials(table)
    check_responses(table, dict(zip(options.response_subjects, options.responses, strict=True)))
    write_table(options.output, table, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "subjects")
    options.add_argument("--labels", type=Path, required=True, help="coco_labels.parquet")
    options.add_argument("--design", type=Path, required=True, help="nsd_expdesign.mat")
    options.add_argument(
        "--stimulus-info", type=Path, required=True, help="nsd_stim_info_merged.csv"
    )
    options.add_argument("--sessions", type=int, nargs="+", required=True, help="of each subject")
    options.add_argument(
        "--responses", type=Path, nargs="*", required=True, help="responses.tsv to compare with"
    )
    options.add_argument(
        "--response-subjects", type=int, nargs="*", required=True, help="whose they are"
    )
    return options


if __name__ == "__main__":
    run(main, parser())
