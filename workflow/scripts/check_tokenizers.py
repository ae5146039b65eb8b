"""Models that one tokenizer stands for must have it: the table of those that do."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from repalign.models.llm_tokens import check_same_tokens
from repalign.models.texts import read_texts
from repalign.scripting import run, script_parser
from repalign.tables.atomic import atomic_file
from repalign.tables.prepared import read_stimulus_ids
from repalign.tables.provenance import make_record, write_sidecar

COLUMNS = ["model", "tokenizer", "n_captions"]


def main(options: argparse.Namespace) -> None:
    ids = read_stimulus_ids(options.stimuli)
    texts = read_texts(options.captions, ids, max_empty_share=options.max_empty_share)
    sides = zip(options.own, options.others, options.tokenizers, options.models, strict=True)
    rows = [
        (model, tokenizer, check_same_tokens(own, other, (tokenizer, model), texts.values))
        for own, other, tokenizer, model in sides
    ]
    with atomic_file(options.output) as temporary:
        pd.DataFrame(rows, columns=COLUMNS).to_csv(
            temporary, sep="\t", index=False, lineterminator="\n"
        )
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--stimuli", type=Path, required=True, help="stimuli.parquet")
    options.add_argument("--captions", type=Path, required=True, help="captions of COCO")
    options.add_argument("--max-empty-share", type=float, required=True, help="more is refused")
    options.add_argument("--own", type=Path, nargs="*", required=True, help="tokens compared")
    options.add_argument("--others", type=Path, nargs="*", required=True, help="tokens checked")
    options.add_argument("--tokenizers", nargs="*", required=True, help="models of `own`")
    options.add_argument("--models", nargs="*", required=True, help="models of `others`")
    return options


if __name__ == "__main__":
    run(main, parser())
