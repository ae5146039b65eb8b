"""The embedding of the image of every trial of a LAION-fMRI subject."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.laion_aligned import subject_images, write_aligned_embedding
from repalign.datasets.laion_embeddings import LaionEmbedding
from repalign.scripting import run, script_parser
from repalign.tables.parquet import read_table
from repalign.tables.prepared import read_trials_table
from repalign.tables.provenance import encode, make_record


def main(options: argparse.Namespace) -> None:
    trials = read_trials_table(options.trials)
    shown = subject_images(trials, read_table(options.stimuli).to_pandas(), options.subject)
    provenance = {"provenance": encode(make_record(options.spec))}
    write_aligned_embedding(options.output, shown, LaionEmbedding(options.embedding), provenance)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "trials", "stimuli", "subject")
    options.add_argument("--embedding", type=Path, required=True, help="embedding of all images")
    return options


if __name__ == "__main__":
    run(main, parser())
