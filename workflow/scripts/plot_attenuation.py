"""All measures of regions as power laws of one latent reliability."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from repalign.figures.attenuation import fit_measures, latex, numbers_of, plot_attenuation
from repalign.figures.files import save_figure, save_text
from repalign.figures.model_values import read_models
from repalign.figures.numbers import dataset_of
from repalign.figures.pair_values import read_pairs
from repalign.figures.regions import arrange
from repalign.figures.rows import mean_of_known
from repalign.scripting import figure_files, figure_parser, run
from repalign.tables.prepared import read_regions, roi_groups


def main(options: argparse.Namespace) -> None:
    regions = read_regions(options.regions)
    rois, subjects = list(roi_groups(regions, joined=True)), options.subjects
    zero, one = (
        read_pairs(path, rois, subjects, shift=shift, joined=True)
        for shift, path in enumerate((options.shift_0, options.shift_1))
    )
    # The plain maximum over layers, as in the published fit.
    models = read_models(options.subject_model, rois, subjects, joined=True, layers="largest")
    measures = [
        mean_of_known(one.within_subjects()),
        mean_of_known(zero.pairs()),
        mean_of_known(one.pairs()),
        mean_of_known(models.of(options.vision_models)),
    ]
    found = fit_measures(np.stack(measures, axis=1), options.attenuation_starts, options.seed)
    arranged = arrange(regions, rois, joined=True)
    figure = plot_attenuation(
        found,
        arranged,
        f"One reliability behind all measures: {dataset_of(options.shift_1)}",
        n_subjects=len(subjects),
        reference=bool(options.reference),
        source=options.source,
    )
    numbers, files = numbers_of(found, arranged), figure_files(options)
    save_text(latex(found), options.latex, files["record"])
    save_figure(figure, numbers.frame(), **files)


def parser() -> argparse.ArgumentParser:
    options = figure_parser(
        __doc__,
        "regions",
        "vision-models",
        "subjects",
        "subject-model",
        "seed",
        "reference",
    )
    for shift in (0, 1):
        options.add_argument(
            f"--shift-{shift}", type=Path, required=True, help=f"inter-subject RSA, shift {shift}"
        )
    options.add_argument(
        "--attenuation-starts", type=int, required=True, help="starts of the search"
    )
    options.add_argument("--latex", type=Path, required=True, help="table of the fits")
    return options


if __name__ == "__main__":
    run(main, parser())
