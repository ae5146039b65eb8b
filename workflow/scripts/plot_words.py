"""The words at both ends of the first shared component of each hub."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.figures.files import save_figure
from repalign.figures.kmcca import plot_words, word_numbers
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    numbers = word_numbers(options.table)
    figure = plot_words(numbers, options.table, source=options.source)
    save_figure(
        figure,
        numbers,
        png=options.output,
        svg=options.svg,
        tsv=options.tsv,
        record=make_record(options.spec),
    )


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "svg", "tsv")
    options.add_argument("--table", type=Path, required=True, help="words with their scores")
    return options


if __name__ == "__main__":
    run(main, parser())
