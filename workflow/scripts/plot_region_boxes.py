"""Every region as a box over subjects, with what permutations give and stars."""

from __future__ import annotations

import argparse

from repalign.figures.files import save_figure
from repalign.figures.model_values import read_models
from repalign.figures.numbers import dataset_of
from repalign.figures.pair_values import read_pairs
from repalign.figures.palette import MEASURE_NAMES
from repalign.figures.region_boxes import (
    numbers_of,
    plot_region_boxes,
    read_null_test,
    region_boxes,
)
from repalign.scripting import figure_files, figure_parser, run
from repalign.tables.prepared import read_regions, roi_groups


def main(options: argparse.Namespace) -> None:
    regions = read_regions(options.regions)
    rois = list(roi_groups(regions, joined=True))
    if options.measure == "intersubject":
        table = options.subject_subject
        value = read_pairs(table, rois, options.subjects, shift=1, joined=True).between_subjects()
    else:
        table = options.subject_model
        models = {"vision": options.vision_models, "language": options.language_models}
        value = read_models(table, rois, options.subjects, joined=True).of(models[options.measure])
    boxes = region_boxes(
        value,
        read_null_test(options.pvalues, options.measure, rois),
        regions,
        rois,
        options.subjects,
        measure=options.measure,
        extent=options.extent,
    )
    title = f"Regions by similarity, {MEASURE_NAMES[options.measure]}: {dataset_of(table)}"
    figure, numbers = plot_region_boxes(boxes, title, options.source), numbers_of(boxes)
    save_figure(figure, numbers.frame(), **figure_files(options))


def parser() -> argparse.ArgumentParser:
    options = figure_parser(
        __doc__,
        "regions",
        "vision-models",
        "language-models",
        "subjects",
        "subject-subject",
        "subject-model",
        "pvalues",
    )
    options.add_argument(
        "--measure", choices=["intersubject", "vision", "language"], required=True
    )
    options.add_argument(
        "--extent",
        choices=["top", "all"],
        required=True,
        help="the ten groups of areas with the largest means, or all regions",
    )
    return options


if __name__ == "__main__":
    run(main, parser())
