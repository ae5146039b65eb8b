"""Join the batches of all pairs of language and vision models into the published table."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.alignment.layers import FLATTENED
from repalign.alignment.model_model import image_batches
from repalign.scripting import run, script_parser
from repalign.tables.model_model_table import join_parts
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    join_parts(
        options.parts,
        options.output,
        language=options.language_models,
        vision=options.vision_models,
        n_batches=len(image_batches(options.stimuli, options.batch_size)),
        metrics=options.metrics,
        first_layer=FLATTENED if options.include_flattened else 0,
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
    )
    options.add_argument("--parts", type=Path, nargs="+", required=True, help="in order")
    return options


if __name__ == "__main__":
    run(main, parser())
