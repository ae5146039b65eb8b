"""Features of the captions of a dataset from every layer of a language model."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.models.extraction import language_compute, make_features, running
from repalign.models.extraction_options import add_model_options, facts_of, run_with, weights_of
from repalign.models.language import HIDDEN_STATES, Language
from repalign.models.loading import load_language
from repalign.models.texts import read_texts
from repalign.scripting import run, script_parser
from repalign.tables.prepared import read_stimulus_ids
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    ids = read_stimulus_ids(options.stimuli)
    texts = read_texts(options.captions, ids, max_empty_share=options.max_empty_share)
    with running(options.device, options.model_threads):
        loaded = load_language(
            options.model_id, options.kind, weights_of(options), options.precision
        )
        language = Language(loaded.module.to(options.device), loaded.tokenizer, options.pool)
        tokens = language.encode(texts)
        make_features(
            options.output,
            texts.ids,
            language_compute(language, texts, tokens, options.batch_size),
            {
                **facts_of(options, loaded),
                "modality": "language",
                "captions": options.captions_source,
                "empty_texts": len(texts.empty),
                "hidden_states": HIDDEN_STATES,
                "precision": options.precision,
            },
            make_record(options.spec),
            store=options.store,
            run_with=run_with(options),
        )


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "model", "dataset", "device")
    add_model_options(options)
    options.add_argument("--stimuli", type=Path, required=True, help="stimuli.parquet")
    options.add_argument("--captions", type=Path, required=True, help="captions of all stimuli")
    options.add_argument("--captions-source", required=True, help="who wrote them")
    options.add_argument("--max-empty-share", type=float, required=True)
    options.add_argument("--kind", choices=["causal-lm", "encoder"], required=True)
    options.add_argument("--precision", choices=["float32", "bfloat16"], required=True)
    return options


if __name__ == "__main__":
    run(main, parser())
