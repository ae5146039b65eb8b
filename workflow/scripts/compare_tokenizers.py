"""RSA of the regions of a subject with all tokenizers of captions."""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

import numpy as np

from repalign.alignment.sessions import compare_layers
from repalign.alignment.token_vectors import token_vectors
from repalign.alignment.vectors import different_stimuli
from repalign.kernels.tokens import TOKEN_DISTANCES
from repalign.scripting import run, script_parser
from repalign.tables.alignment_tables import RSA_TOKENIZERS
from repalign.tables.columns import table_of
from repalign.tables.parquet import write_table
from repalign.tables.progress import progress
from repalign.tables.provenance import make_record
from repalign.tables.rdm_store import RdmReader


def main(options: argparse.Namespace) -> None:
    rdms = RdmReader(options.rdms)
    stimuli = rdms.keys // options.repetitions
    keep = different_stimuli(stimuli) if options.drop_same_image_pairs else None
    enough = len(stimuli) >= options.min_trials
    vectors = [
        token_vectors(path, stimuli, keep, enough=enough)
        for path in progress(options.tokens, "tokenizers", total=len(options.tokens))
    ]
    similarity = compare_layers(rdms, np.concatenate(vectors)).astype(np.float32)
    scores = similarity.reshape(-1, len(TOKEN_DISTANCES)).T
    keys = list(product(rdms.rois.tolist(), options.tokenizers))
    table = table_of(
        RSA_TOKENIZERS,
        {
            "subject": options.subject,
            "session": "shared",
            "roi": np.array([roi for roi, _ in keys], dtype=np.uint16),
            "tokenizer": np.array([name for _, name in keys], dtype=object),
            "metric": "rsa",
            **{
                f"{name}_score": score for name, score in zip(TOKEN_DISTANCES, scores, strict=True)
            },
            "n_stimuli": len(np.unique(stimuli)),
        },
    )
    write_table(options.output, table, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(
        __doc__, "subject", "repetitions", "min-trials", "drop-same-image-pairs"
    )
    options.add_argument("--rdms", type=Path, required=True, help="image RDMs of the subject")
    options.add_argument("--tokens", type=Path, nargs="+", required=True, help="tables of tokens")
    options.add_argument("--tokenizers", nargs="+", required=True, help="their names, in order")
    return options


if __name__ == "__main__":
    run(main, parser())
