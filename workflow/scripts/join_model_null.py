"""Average the nulls of models and subjects as the observed statistic is averaged."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.alignment.null_options import write_null
from repalign.alignment.nulls import nested_null
from repalign.scripting import run, script_parser


def main(options: argparse.Namespace) -> None:
    models = [model for model in options.models for _ in options.subjects]
    subjects = [subject for _ in options.models for subject in options.subjects]
    write_null(options.output, nested_null(options.parts, models, subjects), options.spec)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "regions", "subjects", "permutations")
    options.add_argument("--parts", type=Path, nargs="+", required=True, help="model major")
    options.add_argument("--models", nargs="+", required=True, help="names, in order")
    options.add_argument(
        "--modality",
        choices=["vision", "language"],
        required=True,
        help="of these models; only recorded",
    )
    return options


if __name__ == "__main__":
    run(main, parser())
