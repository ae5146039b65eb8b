"""Captions of LAION-fMRI by people and of a model, merged into the published table."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.csv_columns import read_csv
from repalign.datasets.laion_captions import (
    merge_captions,
    read_ai_captions,
    read_human_captions,
)
from repalign.datasets.laion_metadata import read_metadata
from repalign.datasets.nsd_index import write_csv
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    if options.described:
        ai = read_csv(options.described[0], "captions of a model", as_text=True)
        ai = ai.rename(columns={"model": "ai_model"})[["image_name", "caption", "ai_model"]]
    else:
        ai = read_ai_captions(options.ai[0])
    human = read_human_captions(options.human)
    table = merge_captions(read_metadata(options.metadata), human, ai, options.worker_ids)
    write_csv(table, options.output)
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    add = options.add_argument
    add("--metadata", type=Path, required=True, help="task-images_metadata.csv")
    add("--human", type=Path, required=True, help="captions by people")
    add("--ai", type=Path, nargs="*", required=True, help="captions of a model")
    add("--described", type=Path, nargs="*", required=True, help="or those of the workflow")
    add("--worker-ids", choices=["hash", "keep"], required=True, help="ids of crowd workers")
    return options


if __name__ == "__main__":
    run(main, parser())
