"""Inter-subject similarity of regions with repetitions shifted by 0, 1 and 2."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.figures.comparisons import numbers_of, plot_panels, shift_panels
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
    tables = (options.shift_0, options.shift_1, options.shift_2)
    zero, one, two = (
        read_pairs(path, rois, options.subjects, shift=shift, joined=True)
        for shift, path in enumerate(tables)
    )
    panels, check = shift_panels(
        mean_of_known(zero.pairs()), one, two, options.bootstrap, options.seed
    )
    arranged = arrange(regions, rois, joined=True)
    figure = plot_panels(
        panels,
        arranged,
        f"Shifts of repetitions: {dataset_of(options.shift_1)}",
        "One point a region, mean over all ordered pairs of "
        f"n = {len(options.subjects)} subjects · curve: power law by least "
        f"squares{band_text(panels[0].fit)}",
        source_note(options.source),
        panel_size=640,
    )
    numbers = numbers_of(panels, arranged, check)
    save_figure(figure, numbers.frame(), **figure_files(options))


def parser() -> argparse.ArgumentParser:
    options = figure_parser(__doc__, "regions", "subjects", "bootstrap", "seed")
    for shift in (0, 1, 2):
        options.add_argument(
            f"--shift-{shift}", type=Path, required=True, help=f"inter-subject RSA, shift {shift}"
        )
    return options


if __name__ == "__main__":
    run(main, parser())
