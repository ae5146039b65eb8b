"""An embedding of LAION-fMRI as features of a model, found by the names of the images."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.laion_embeddings import LaionEmbedding
from repalign.models.features import write_features
from repalign.scripting import run, script_parser
from repalign.tables.parquet import read_table
from repalign.tables.provenance import encode, make_record


def main(options: argparse.Namespace) -> None:
    stimuli = read_table(options.stimuli).to_pandas()
    embedding = LaionEmbedding(options.embedding)
    attributes = {
        "backend": str(embedding.attributes.get("backend", "")),
        "dataset": "laion",
        "model": options.model,
        "modality": "vision",
        "provenance": encode(make_record(options.spec)),
        "weights": "trained",
    }
    rows = embedding.rows(stimuli["image_name"].tolist())
    write_features(options.output, [rows], stimuli["stimulus"].tolist(), attributes)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "stimuli", "model")
    options.add_argument("--embedding", type=Path, required=True, help="embedding of all images")
    return options


if __name__ == "__main__":
    run(main, parser())
