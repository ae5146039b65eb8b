"""Inter-subject RSA on two sets of images: boxes of regions, and both matrices."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.figures.files import save_figure
from repalign.figures.partitions import partitions, plot_partitions
from repalign.scripting import figure_files, figure_parser, run
from repalign.tables.prepared import read_regions


def main(options: argparse.Namespace) -> None:
    shown = partitions(
        options.table,
        read_regions(options.regions),
        options.subjects,
        options.subsets,
        shift=options.shift,
        joined=options.hemispheres == "joined",
        test=options.test,
    )
    figure = plot_partitions(
        shown, options.table, comparison=options.comparison, source=options.source
    )
    save_figure(figure, shown.numbers(), **figure_files(options))


def parser() -> argparse.ArgumentParser:
    options = figure_parser(__doc__, "regions", "subjects", "shift", "hemispheres", "comparison")
    options.add_argument(
        "--table", type=Path, required=True, help="inter-subject RSA on two sets of images"
    )
    options.add_argument("--subsets", nargs=2, required=True, help="the two sets, in order")
    options.add_argument("--test", choices=["paired", "welch"], required=True)
    return options


if __name__ == "__main__":
    run(main, parser())
