"""Inter-subject, vision and language similarity in the hubs of areas."""

from __future__ import annotations

import argparse

from repalign.figures.files import save_figure
from repalign.figures.hubs import hub_values, numbers_of, plot_hubs
from repalign.figures.model_values import read_models
from repalign.figures.numbers import dataset_of
from repalign.figures.pair_values import read_pairs
from repalign.scripting import figure_files, figure_parser, run
from repalign.tables.prepared import read_regions, roi_groups


def main(options: argparse.Namespace) -> None:
    regions = read_regions(options.regions)
    rois = list(roi_groups(regions, joined=True))
    subjects = options.subjects
    between = read_pairs(options.subject_subject, rois, subjects, shift=1, joined=True)
    models = read_models(options.subject_model, rois, subjects, joined=True)
    names = {"vision": options.vision_models, "language": options.language_models}
    values = {
        "intersubject": between.between_subjects(),
        **{modality: models.of(chosen) for modality, chosen in names.items()},
    }
    hubs = hub_values(values, regions, rois, subjects)
    title = f"Hubs of areas, subjects and models: {dataset_of(options.subject_model)}"
    figure, numbers = plot_hubs(hubs, title, options.source), numbers_of(hubs)
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
    )


if __name__ == "__main__":
    run(main, parser())
