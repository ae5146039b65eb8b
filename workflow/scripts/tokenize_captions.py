"""Tokens of the first caption of every image, as a language model reads it."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.models.libraries import import_transformers
from repalign.models.llm_tokens import find_tokenizer, token_ids
from repalign.models.texts import read_texts
from repalign.scripting import run, script_parser
from repalign.tables.prepared import read_stimulus_ids
from repalign.tables.provenance import make_record
from repalign.tables.token_tables import write_tokens


def main(options: argparse.Namespace) -> None:
    record = make_record(options.spec)
    record["versions"]["transformers"] = import_transformers().__version__
    source = "hub" if options.hub_id else "local-dir"
    path = options.hub_id or str(options.tokenizer_files[0].parent)
    tokenizer, record["revision"] = find_tokenizer(options.model, source, path, options.revision)
    ids = read_stimulus_ids(options.stimuli)
    texts = read_texts(options.captions, ids, max_empty_share=options.max_empty_share)
    write_tokens(options.output, ids, token_ids(tokenizer, texts.values), record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "model")
    options.add_argument("--stimuli", type=Path, required=True, help="stimuli.parquet")
    options.add_argument("--captions", type=Path, required=True, help="captions of COCO")
    options.add_argument("--max-empty-share", type=float, required=True, help="more is refused")
    options.add_argument("--hub-id", required=True, help="id on the hub; empty for a folder")
    options.add_argument("--revision", required=True, help="on the hub; empty for the newest")
    options.add_argument(
        "--tokenizer-files", type=Path, nargs="*", required=True, help="files of one folder"
    )
    return options


if __name__ == "__main__":
    run(main, parser())
