"""A figure of connectivity: how alike regions are, within and across subjects."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.figures.connectivity import (
    CONNECTIVITY_FIGURES,
    Connectivity,
    draw_connectivity,
)
from repalign.figures.files import save_figure
from repalign.figures.nothing import draw_or_say
from repalign.figures.pair_cubes import read_pair_cube
from repalign.figures.parcels import Parcels
from repalign.figures.significance import significant_regions
from repalign.scripting import figure_files, figure_parser, run
from repalign.tables.prepared import read_regions

SHIFTS = {"shifted": 1, "unshifted": 0, "separated": 1}
"""Tables by option, and the shift of each."""


def main(options: argparse.Namespace) -> None:
    regions = read_regions(options.regions)
    parcels = Parcels.of(regions, joined=not options.separated)
    tables = {name: getattr(options, name)[0] for name in SHIFTS if getattr(options, name)}
    cubes = {
        name: read_pair_cube(
            table,
            parcels.rois,
            options.subjects,
            shift=SHIFTS[name],
            joined=name != "separated",
        )
        for name, table in tables.items()
    }
    significant = None
    for table in options.pvalues:
        significant = frozenset(significant_regions(table, "intersubject"))
    content = Connectivity(next(iter(tables.values())), parcels, cubes, significant)
    figure, numbers = draw_or_say(
        lambda: draw_connectivity(options.figure, content, source=options.source)
    )
    save_figure(figure, numbers, **figure_files(options))


def parser() -> argparse.ArgumentParser:
    options = figure_parser(__doc__, "regions", "subjects")
    for name, shift in SHIFTS.items():
        kind = "separated" if name == "separated" else "joined"
        options.add_argument(
            f"--{name}",
            type=Path,
            nargs="*",
            required=True,
            help=f"inter-subject RSA, shift {shift}, {kind} hemispheres; none if not shown",
        )
    options.add_argument(
        "--pvalues", type=Path, nargs="*", required=True, help="p-values of regions, or none"
    )
    options.add_argument(
        "--figure", choices=[*CONNECTIVITY_FIGURES], required=True, help="what is shown"
    )
    return options


if __name__ == "__main__":
    run(main, parser())
