"""Left against right hemisphere: areas, hubs, or similarity across hemispheres."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from repalign.figures.files import save_figure
from repalign.figures.hemisphere_plots import plot_cross, plot_hub_asymmetry, plot_scatter
from repalign.figures.hemispheres import (
    Crossing,
    asymmetry,
    cross_numbers,
    halves_of,
    hub_asymmetry,
    hub_numbers,
    scatter_numbers,
)
from repalign.figures.model_values import read_models
from repalign.figures.numbers import Numbers, dataset_of
from repalign.figures.pair_values import read_pairs
from repalign.figures.region_boxes import read_null_test
from repalign.figures.regions import Region, arrange
from repalign.figures.rows import Floats, mean_of_known
from repalign.scripting import figure_files, figure_parser, run
from repalign.tables.prepared import read_regions, roi_groups

Drawn = tuple[Figure, Numbers]


def main(options: argparse.Namespace) -> None:
    regions = read_regions(options.regions)
    draw = {"areas": areas, "hubs": hubs, "across": across}[options.halves]
    figure, numbers = draw(options, regions, dataset_of(options.separated_subjects))
    save_figure(figure, numbers.frame(), **figure_files(options))


def areas(options: argparse.Namespace, regions: pd.DataFrame, dataset: str) -> Drawn:
    """Draw left by right, area by area."""
    values, halves = measures(options, regions), halves_of(regions)
    left, right = halves.columns(list(roi_groups(regions, joined=False)))
    rois = list(roi_groups(regions, joined=True))
    kept = [rois.index(area) for area in halves.areas]
    found = {}
    for measure, value in values.items():
        p = read_null_test(options.pvalues, measure, rois).p[kept]
        found[measure] = asymmetry(value[:, left], value[:, right], p, options.hemisphere_marks)
    arranged = shown(regions, halves.areas)
    figure = plot_scatter(
        found,
        arranged,
        f"Left and right hemisphere: {dataset}",
        correction=options.hemisphere_marks,
        source=options.source,
    )
    return figure, scatter_numbers(found, names_of(arranged))


def hubs(options: argparse.Namespace, regions: pd.DataFrame, dataset: str) -> Drawn:
    """Draw left less right, hub by hub."""
    rois = list(roi_groups(regions, joined=False))
    found = hub_asymmetry(measures(options, regions), regions, rois)
    figure = plot_hub_asymmetry(
        found,
        f"Asymmetry of the hubs: {dataset}",
        n_subjects=len(options.subjects),
        source=options.source,
    )
    return figure, hub_numbers(found, options.subjects)


def across(options: argparse.Namespace, regions: pd.DataFrame, dataset: str) -> Drawn:
    """Draw similarity across hemispheres by that within and that of joined ones."""
    halves = halves_of(regions)
    rois = list(roi_groups(regions, joined=False))
    left, right = halves.columns(rois)
    own = read_pairs(options.separated_subjects, rois, options.subjects, shift=1, joined=False)
    other = read_pairs(
        options.separated_subjects,
        rois,
        options.subjects,
        shift=1,
        joined=False,
        partners=halves.partners(rois),
    )
    joined_rois = list(roi_groups(regions, joined=True))
    joined = read_pairs(
        options.subject_subject, joined_rois, options.subjects, shift=1, joined=True
    )
    within, crossed = mean_of_known(own.pairs()), mean_of_known(other.pairs())
    crossing = Crossing(
        mean_of_known(joined.pairs())[[joined_rois.index(area) for area in halves.areas]],
        (within[left] + within[right]) / 2,
        (crossed[left] + crossed[right]) / 2,
    )
    arranged = shown(regions, halves.areas)
    figure = plot_cross(
        crossing,
        arranged,
        f"Across hemispheres: {dataset}",
        n_subjects=len(options.subjects),
        source=options.source,
    )
    return figure, cross_numbers(crossing, names_of(arranged))


def measures(options: argparse.Namespace, regions: pd.DataFrame) -> dict[str, Floats]:
    """Read all measures of separated hemispheres, each (n_subjects, n_rois)."""
    rois = list(roi_groups(regions, joined=False))
    pairs = read_pairs(options.separated_subjects, rois, options.subjects, shift=1, joined=False)
    models = read_models(options.separated_models, rois, options.subjects, joined=False)
    names = {"vision": options.vision_models, "language": options.language_models}
    of_models = {modality: models.of(chosen) for modality, chosen in names.items() if chosen}
    return {"intersubject": pairs.between_subjects(), **of_models}


def shown(regions: pd.DataFrame, areas: tuple[int, ...]) -> list[Region]:
    """Return how the areas of both hemispheres are drawn."""
    return arrange(regions, areas, joined=True)


def names_of(arranged: list[Region]) -> list[str]:
    """Return the names of areas in the order of their values."""
    return [region.label for region in sorted(arranged, key=lambda region: region.index)]


def parser() -> argparse.ArgumentParser:
    options = figure_parser(
        __doc__,
        "regions",
        "vision-models",
        "language-models",
        "subjects",
        "subject-subject",
        "pvalues",
    )
    for name, kind in (("subjects", "inter-subject"), ("models", "brain-model")):
        options.add_argument(
            f"--separated-{name}", type=Path, required=True, help=f"{kind} RSA, separated"
        )
    options.add_argument("--halves", choices=["areas", "hubs", "across"], required=True)
    options.add_argument(
        "--hemisphere-marks",
        choices=["fdr_bh", "none"],
        required=True,
        help="correction of the tests over areas",
    )
    return options


if __name__ == "__main__":
    run(main, parser())
