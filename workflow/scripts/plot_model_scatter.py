"""Inter-subject similarity of regions against their similarity with models."""

from __future__ import annotations

import argparse

from repalign.figures.files import save_figure
from repalign.figures.model_scatter import model_fits, numbers_of, plot_models
from repalign.figures.model_values import read_models
from repalign.figures.numbers import dataset_of
from repalign.figures.pair_values import read_pairs
from repalign.figures.regions import arrange
from repalign.scripting import figure_files, figure_parser, run
from repalign.tables.prepared import read_regions, roi_groups


def main(options: argparse.Namespace) -> None:
    regions = read_regions(options.regions)
    rois = list(roi_groups(regions, joined=True))
    subjects = options.subjects
    between = read_pairs(options.subject_subject, rois, subjects, shift=1, joined=True)
    models = read_models(options.subject_model, rois, subjects, joined=True)
    names = {"vision": options.vision_models, "language": options.language_models}
    values = {modality: models.of(chosen) for modality, chosen in names.items() if chosen}
    fits = model_fits(between.pairs(), values, options.bootstrap, options.seed)
    figure = plot_models(
        fits,
        regions,
        rois,
        f"Similarity across subjects and with models: {dataset_of(options.subject_model)}",
        n_subjects=len(subjects),
        counts={modality: len(chosen) for modality, chosen in names.items()},
        reference=bool(options.reference),
        source=options.source,
    )
    numbers = numbers_of(fits, arrange(regions, rois, joined=True))
    save_figure(figure, numbers.frame(), **figure_files(options))


def parser() -> argparse.ArgumentParser:
    return figure_parser(
        __doc__,
        "regions",
        "vision-models",
        "language-models",
        "subjects",
        "subject-subject",
        "subject-model",
        "bootstrap",
        "seed",
        "reference",
    )


if __name__ == "__main__":
    run(main, parser())
