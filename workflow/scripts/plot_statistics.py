"""The same inter-subject similarity by Pearson, Spearman and CKA."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.figures.comparisons import numbers_of, plot_panels, statistics_panels
from repalign.figures.files import save_figure
from repalign.figures.numbers import dataset_of
from repalign.figures.pair_values import read_pairs
from repalign.figures.panels import source_note
from repalign.figures.regions import arrange
from repalign.figures.rows import mean_of_known
from repalign.scripting import figure_files, figure_parser, run
from repalign.tables.prepared import read_regions, roi_groups


def main(options: argparse.Namespace) -> None:
    regions = read_regions(options.regions)
    rois = list(roi_groups(regions, joined=True))
    tables = (options.subject_subject, options.spearman, options.cka)
    pearson, spearman, cka = (
        mean_of_known(read_pairs(path, rois, options.subjects, shift=1, joined=True).pairs())
        for path in tables
    )
    panels = statistics_panels(pearson, spearman, cka)
    arranged = arrange(regions, rois, joined=True)
    figure = plot_panels(
        panels,
        arranged,
        f"Three statistics of inter-subject similarity: {dataset_of(options.cka)}",
        "One point a region, mean over all ordered pairs of "
        f"n = {len(options.subjects)} subjects, shift 1",
        source_note(options.source),
    )
    numbers = numbers_of(panels, arranged)
    save_figure(figure, numbers.frame(), **figure_files(options))


def parser() -> argparse.ArgumentParser:
    options = figure_parser(__doc__, "regions", "subjects", "subject-subject")
    options.add_argument("--spearman", type=Path, required=True, help="the same by ranks")
    options.add_argument("--cka", type=Path, required=True, help="the same by unbiased CKA")
    return options


if __name__ == "__main__":
    run(main, parser())
