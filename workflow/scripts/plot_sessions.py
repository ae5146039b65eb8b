"""Other subjects and models on a dataset that is compared session by session."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.figures.files import save_figure
from repalign.figures.model_scores import depth_summary
from repalign.figures.parcels import Parcels
from repalign.figures.session_overview import overview_numbers, plot_overview, session_pairs
from repalign.figures.untrained import trained_curves
from repalign.scripting import figure_files, figure_parser, run
from repalign.tables.prepared import read_regions


def main(options: argparse.Namespace) -> None:
    joined = options.hemispheres == "joined"
    parcels = Parcels.of(read_regions(options.regions), joined=joined)
    pairs = session_pairs(options.table, parcels.rois, joined=joined)
    summary = depth_summary(
        options.subject_model, options.models, parcels.rois, options.subjects, joined=joined
    )
    modalities = dict(zip(options.models, options.modalities, strict=True))
    models = trained_curves(summary, modalities, by_session=True)
    title = f"{options.title}: other subjects and models, images of {options.image_set}"
    figure = plot_overview(pairs, models, parcels, title, options.table, source=options.source)
    save_figure(figure, overview_numbers(pairs, models, parcels), **figure_files(options))


def parser() -> argparse.ArgumentParser:
    options = figure_parser(
        __doc__, "regions", "subjects", "hemispheres", "models", "modalities", "title", "image-set"
    )
    options.add_argument("--table", type=Path, required=True, help="inter-subject RSA by session")
    options.add_argument("--subject-model", type=Path, required=True, help="table of models")
    return options


if __name__ == "__main__":
    run(main, parser())
