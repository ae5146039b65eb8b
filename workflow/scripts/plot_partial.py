"""Plain RSA of hubs beside partial RSA with the hub's own component held constant."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from repalign.figures.files import save_figure
from repalign.figures.nothing import draw_or_say
from repalign.figures.partial import partial_comparison, plot_partial
from repalign.scripting import figure_files, figure_parser, run
from repalign.tables.prepared import read_regions


def main(options: argparse.Namespace) -> None:
    def draw() -> tuple[Figure, pd.DataFrame]:
        comparison = partial_comparison(
            options.table,
            read_regions(options.regions),
            options.subjects,
            joined=options.hemispheres == "joined",
        )
        figure = plot_partial(comparison, options.table, source=options.source)
        return figure, comparison.numbers()

    figure, numbers = draw_or_say(draw)
    save_figure(figure, numbers, **figure_files(options))


def parser() -> argparse.ArgumentParser:
    options = figure_parser(__doc__, "regions", "subjects", "hemispheres")
    options.add_argument("--table", type=Path, required=True, help="inter-subject partial RSA")
    return options


if __name__ == "__main__":
    run(main, parser())
