"""Tokens of captions, language models and other subjects, region by region."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.figures.files import save_figure
from repalign.figures.tokenizers import plot_tokenizers, token_summary
from repalign.scripting import figure_files, figure_parser, run
from repalign.tables.prepared import read_regions


def main(options: argparse.Namespace) -> None:
    language = [
        model
        for model, modality in zip(options.models, options.modalities, strict=True)
        if modality == "language"
    ]
    summary = token_summary(
        options.table,
        options.subject_subject,
        options.subject_model,
        read_regions(options.regions),
        options.subjects,
        language,
        joined=options.hemispheres == "joined",
        score=f"{options.distance}_score",
    )
    figure = plot_tokenizers(summary, options.table, source=options.source)
    save_figure(figure, summary.numbers(), **figure_files(options))


def parser() -> argparse.ArgumentParser:
    options = figure_parser(__doc__, "regions", "subjects", "hemispheres", "models", "modalities")
    options.add_argument("--table", type=Path, required=True, help="RSA with tokens of captions")
    for name, what in (("subject-subject", "inter-subject RSA"), ("subject-model", "models")):
        options.add_argument(f"--{name}", type=Path, required=True, help=f"table of {what}")
    options.add_argument(
        "--distance", choices=["jaccard", "correlation", "correlation_freq"], required=True
    )
    return options


if __name__ == "__main__":
    run(main, parser())
