"""A figure of the assemblies of all regions: RDMs, their similarities, or noise ceilings."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.figures.assemblies import read_summaries, title_of
from repalign.figures.assembly_matrices import plot_regions, plot_subjects
from repalign.figures.assembly_rdms import plot_rdms
from repalign.figures.noise_ceilings import plot_noise_ceilings
from repalign.figures.style import save_png
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record

FIGURES = {
    "rdms": plot_rdms,
    "subjects": plot_subjects,
    "regions": plot_regions,
    "noise_ceilings": plot_noise_ceilings,
}


def main(options: argparse.Namespace) -> None:
    summaries = read_summaries(options.assemblies)
    title = title_of(options.assemblies[0])
    figure = FIGURES[options.figure](summaries, title, source=options.source)
    save_png(figure, options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument(
        "--assemblies", type=Path, nargs="+", required=True, help="one region each, in order"
    )
    options.add_argument("--figure", choices=[*FIGURES], required=True, help="what is shown")
    return options


if __name__ == "__main__":
    run(main, parser())
