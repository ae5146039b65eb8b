"""Words or stems of the first caption of every image."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.models.libraries import import_nltk
from repalign.models.texts import read_texts
from repalign.models.words import read_stop_words, word_tokenizers
from repalign.scripting import run, script_parser
from repalign.tables.prepared import read_stimulus_ids
from repalign.tables.progress import progress
from repalign.tables.provenance import make_record
from repalign.tables.token_tables import WORD_TOKENIZERS, write_tokens


def main(options: argparse.Namespace) -> None:
    record = make_record(options.spec)
    record["versions"]["nltk"] = import_nltk().__version__
    split = word_tokenizers(read_stop_words(options.stop_words))[options.words]
    ids = read_stimulus_ids(options.stimuli)
    texts = read_texts(options.captions, ids, max_empty_share=options.max_empty_share)
    tokens = [split(text) for text in progress(texts.values, "captions", total=len(ids))]
    write_tokens(options.output, ids, tokens, record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--stimuli", type=Path, required=True, help="stimuli.parquet")
    options.add_argument("--captions", type=Path, required=True, help="captions of COCO")
    options.add_argument("--max-empty-share", type=float, required=True, help="more is refused")
    options.add_argument("--stop-words", type=Path, required=True, help="one word a line")
    options.add_argument("--words", choices=WORD_TOKENIZERS, required=True, help="what is kept")
    return options


if __name__ == "__main__":
    run(main, parser())
