"""The words at both ends of the first shared component of each hub."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.figures.files import save_figure
from repalign.figures.kmcca import plot_words, word_numbers
from repalign.scripting import figure_files, figure_parser, run


def main(options: argparse.Namespace) -> None:
    numbers = word_numbers(options.table)
    figure = plot_words(numbers, options.table, source=options.source)
    save_figure(figure, numbers, **figure_files(options))


def parser() -> argparse.ArgumentParser:
    options = figure_parser(__doc__)
    options.add_argument("--table", type=Path, required=True, help="words with their scores")
    return options


if __name__ == "__main__":
    run(main, parser())
