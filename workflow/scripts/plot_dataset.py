"""A page about a dataset: what there is of each subject, and how good it is."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.figures.dataset_numbers import (
    dataset_numbers,
    neuron_reliability,
    page_numbers,
    rdm_reliability,
    read_quality,
)
from repalign.figures.dataset_page import plot_dataset
from repalign.figures.files import save_figure
from repalign.scripting import figure_files, figure_parser, run
from repalign.tables.parquet import read_table
from repalign.tables.prepared import read_regions, read_trials_table


def main(options: argparse.Namespace) -> None:
    regions = read_regions(options.regions)
    numbers = dataset_numbers(
        read_trials_table(options.trials),
        read_table(options.stimuli).to_pandas(),
        read_quality(options.quality),
        regions,
        options.subjects,
        planned=options.planned,
    )
    reliability = None
    for table in options.subject_subject:
        reliability = rdm_reliability(table, regions, options.subjects)
    for table in options.ceilings:
        reliability = neuron_reliability(table)
    figure = plot_dataset(
        options.title, numbers, reliability, unit=options.unit, source=options.source
    )
    save_figure(figure, page_numbers(numbers, reliability), **figure_files(options))


def parser() -> argparse.ArgumentParser:
    options = figure_parser(__doc__, "trials", "stimuli", "regions", "subjects", "title")
    options.add_argument("--quality", type=Path, required=True, help="quality.tsv")
    options.add_argument(
        "--subject-subject", type=Path, nargs="*", required=True, help="RSA with shift 1"
    )
    options.add_argument(
        "--ceilings", type=Path, nargs="*", required=True, help="noise ceilings of neurons"
    )
    options.add_argument("--unit", required=True, help="what responses are of")
    options.add_argument(
        "--planned", type=int, required=True, help="showings of shared images; 0: no one number"
    )
    return options


if __name__ == "__main__":
    run(main, parser())
