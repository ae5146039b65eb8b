"""Similarity of regions between subjects against that within them."""

from __future__ import annotations

import argparse

from repalign.figures.comparisons import numbers_of, plot_panels, reliability_panels
from repalign.figures.files import save_figure
from repalign.figures.model_scatter import band_text
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
    pairs = read_pairs(options.subject_subject, rois, options.subjects, shift=1, joined=True)
    within, between = mean_of_known(pairs.within_subjects()), mean_of_known(pairs.pairs())
    panels = reliability_panels(within, between, options.bootstrap, options.seed)
    arranged = arrange(regions, rois, joined=True)
    figure = plot_panels(
        panels,
        arranged,
        f"Within and between subjects: {dataset_of(options.subject_subject)}",
        f"One point a region, mean over n = {len(options.subjects)} subjects or their ordered "
        f"pairs\nCurve: power law by least squares{band_text(panels[0].fit)}",
        source_note(options.source),
        panel_size=700,
    )
    numbers = numbers_of(panels, arranged)
    save_figure(figure, numbers.frame(), **figure_files(options))


def parser() -> argparse.ArgumentParser:
    return figure_parser(__doc__, "regions", "subjects", "subject-subject", "bootstrap", "seed")


if __name__ == "__main__":
    run(main, parser())
