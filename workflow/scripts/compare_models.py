"""All layers of language models with all layers of vision models, on some batches of images."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.alignment.layers import LayerMaker
from repalign.alignment.model_model import compare_on_batches, image_batches
from repalign.models.feature_sets import open_feature_sets
from repalign.scripting import run, script_parser
from repalign.tables.model_model_table import write_part
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    maker = LayerMaker(
        options.metrics,
        options.topk,
        options.outlier_quantile,
        options.outlier_scope,
        bool(options.include_flattened),
    )
    batches = dict(enumerate(image_batches(options.stimuli, options.batch_size)))
    own = {k: ids for k, ids in batches.items() if k % options.n_parts == options.part}
    trusted = bool(options.assume_row_order)
    with (
        open_feature_sets(
            options.language_models,
            [*options.language_features, *options.supplied_language_features],
            dataset=options.dataset,
            assume_row_order=trusted,
            what="features of language models",
        ) as language,
        open_feature_sets(
            options.vision_models,
            [*options.vision_features, *options.supplied_vision_features],
            dataset=options.dataset,
            assume_row_order=trusted,
            what="features of vision models",
        ) as vision,
    ):
        pairs = compare_on_batches(maker, language, vision, own, memory_mb=options.memory_mb)
    write_part(
        options.output,
        pairs,
        batches=list(own),
        metrics=options.metrics,
        first_layer=maker.first_layer,
        record=make_record(options.spec),
    )


def parser() -> argparse.ArgumentParser:
    options = script_parser(
        __doc__,
        "stimuli",
        "language-models",
        "vision-models",
        "batch-size",
        "metrics",
        "include-flattened",
        "dataset",
        "assume-row-order",
        "memory-mb",
    )
    for modality in ("language", "vision"):
        for made in ("", "supplied-"):
            options.add_argument(
                f"--{made}{modality}-features",
                type=Path,
                nargs="*",
                required=True,
                help=f"feature files of {modality} models, together with the other list one each",
            )
    options.add_argument("--part", type=int, required=True, help="takes batches part, ...")
    options.add_argument("--n-parts", type=int, required=True, help="... part + n_parts, ...")
    options.add_argument("--topk", type=int, required=True, help="neighbours of an image")
    options.add_argument("--outlier-quantile", type=float, required=True, help="1 clamps nothing")
    options.add_argument("--outlier-scope", choices=["batch", "layer"], required=True)
    return options


if __name__ == "__main__":
    run(main, parser())
