"""A figure of hierarchy: how alike regions and models are along the layers of the models."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.figures.files import save_figure
from repalign.figures.hierarchy import HIERARCHY_FIGURES, Hierarchy, draw_hierarchy
from repalign.figures.model_scores import depth_summary
from repalign.figures.nothing import draw_or_say
from repalign.figures.parcels import Parcels
from repalign.models.modality import by_modality
from repalign.scripting import figure_files, figure_parser, run
from repalign.tables.prepared import read_regions


def main(options: argparse.Namespace) -> None:
    parcels = Parcels.of(read_regions(options.regions), joined=True)
    summary = depth_summary(
        options.table,
        options.models,
        parcels.rois,
        options.subjects,
        joined=True,
        n_points=options.points,
    )
    families: dict[str, list[str]] = {}
    for model, family in zip(options.models, options.families, strict=True):
        families.setdefault(family, []).append(model)
    content = Hierarchy(options.table, summary, parcels, by_modality(options.models), families)
    figure, numbers = draw_or_say(
        lambda: draw_hierarchy(options.figure, content, source=options.source)
    )
    save_figure(figure, numbers, **figure_files(options))


def parser() -> argparse.ArgumentParser:
    options = figure_parser(__doc__, "regions", "subjects")
    options.add_argument("--table", type=Path, required=True, help="subject-model RSA, joined")
    options.add_argument("--models", nargs="+", required=True, help="names, in order")
    options.add_argument("--families", nargs="+", required=True, help="family of each model")
    options.add_argument("--points", type=int, required=True, help="points of a curve")
    options.add_argument(
        "--figure", choices=HIERARCHY_FIGURES, required=True, help="what is shown"
    )
    return options


if __name__ == "__main__":
    run(main, parser())
