"""Layers of models with random and with learnt weights."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.figures.files import save_figure
from repalign.figures.model_scores import depth_summary
from repalign.figures.parcels import Parcels
from repalign.figures.untrained import (
    depth_numbers,
    plot_untrained,
    trained_curves,
    untrained_curves,
)
from repalign.scripting import figure_files, figure_parser, run
from repalign.tables.prepared import read_regions


def main(options: argparse.Namespace) -> None:
    joined = options.hemispheres == "joined"
    parcels = Parcels.of(read_regions(options.regions), joined=joined)
    untrained = untrained_curves(options.table, parcels.rois, options.subjects)
    sets, trained = {"untrained": untrained}, None
    for table in options.subject_model:
        summary = depth_summary(
            table, options.models, parcels.rois, options.subjects, joined=joined
        )
        modalities = dict(zip(options.models, options.modalities, strict=True))
        sets["trained"] = trained = trained_curves(summary, modalities)
    figure = plot_untrained(untrained, trained, parcels, options.table, source=options.source)
    save_figure(figure, depth_numbers(sets, parcels), **figure_files(options))


def parser() -> argparse.ArgumentParser:
    options = figure_parser(__doc__, "regions", "subjects", "hemispheres", "models", "modalities")
    options.add_argument("--table", type=Path, required=True, help="CKA with untrained models")
    options.add_argument(
        "--subject-model", type=Path, nargs="*", required=True, help="table of trained models"
    )
    return options


if __name__ == "__main__":
    run(main, parser())
