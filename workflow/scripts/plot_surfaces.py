"""Layers of language models with layers of vision models, as surfaces over depth."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.figures.files import save_figure
from repalign.figures.model_surfaces import mean_surfaces, plot_surfaces, surface_numbers
from repalign.scripting import figure_files, figure_parser, run


def main(options: argparse.Namespace) -> None:
    surfaces = mean_surfaces(options.table)
    figure = plot_surfaces(surfaces, options.table, source=options.source)
    save_figure(figure, surface_numbers(surfaces), **figure_files(options))


def parser() -> argparse.ArgumentParser:
    options = figure_parser(__doc__)
    options.add_argument("--table", type=Path, required=True, help="language with vision models")
    return options


if __name__ == "__main__":
    run(main, parser())
