"""Regions of an inter-subject RSA table, ranked by their similarity across subjects."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.figures.ranking import plot_ranking
from repalign.figures.rsa import similarity_summary, title_of
from repalign.figures.style import save_png
from repalign.scripting import run, script_parser
from repalign.tables.prepared import read_regions, roi_groups
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    joined = options.hemispheres == "joined"
    regions = read_regions(options.regions)
    summary = similarity_summary(
        options.table,
        list(roi_groups(regions, joined=joined)),
        options.subjects,
        shift=options.shift,
        joined=joined,
    )
    figure = plot_ranking(
        summary,
        regions,
        title_of(options.table),
        comparison=options.comparison,
        source=options.source,
    )
    save_png(figure, options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "regions", "subjects", "shift", "hemispheres", "comparison")
    options.add_argument("--table", type=Path, required=True, help="inter-subject RSA table")
    return options


if __name__ == "__main__":
    run(main, parser())
