"""A map of regions on the flattened cortex, both hemispheres, significant regions alone."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.surface_labels import read_area_names, read_surface_labels
from repalign.figures.cortical_maps import SIDES, Cortex
from repalign.figures.files import save_figure
from repalign.figures.maps import MAP_FIGURES, MapContent, comparison_of, draw_map
from repalign.figures.model_scores import depth_summary
from repalign.figures.pair_cubes import read_pair_cube
from repalign.figures.parcels import TOP_30, Parcels
from repalign.figures.significance import significant_regions
from repalign.models.modality import by_modality
from repalign.scripting import figure_files, figure_parser, run
from repalign.tables.prepared import N_AREAS, joined_ids, read_regions


def main(options: argparse.Namespace) -> None:
    names = read_area_names(options.areas, N_AREAS)
    cortex = Cortex(
        {
            hemisphere: read_surface_labels(path, hemisphere, names)
            for hemisphere, path in zip(SIDES, (options.left, options.right), strict=True)
        },
        names,
        frozenset(names.index(name) + 1 for name in TOP_30),
    )
    content = _content(options)
    comparison = comparison_of(options.figure, content.modalities)
    figure, numbers = draw_map(
        options.figure,
        content,
        cortex,
        significant_regions(options.pvalues, comparison, options.level),
        level=options.level,
        source=options.source,
        parcellation=options.parcellation,
    )
    save_figure(figure, numbers, **figure_files(options))


def _content(options: argparse.Namespace) -> MapContent:
    """Read the table of the map."""
    regions = read_regions(options.regions)
    parcels = Parcels.of(regions, joined=False)
    areas = dict(zip(regions["roi"].tolist(), joined_ids(regions), strict=True))
    modalities = by_modality(options.models)
    if options.similarity:
        table = options.similarity[0]
        cube = read_pair_cube(table, parcels.rois, options.subjects, shift=1, joined=False)
        return MapContent(table, parcels, areas, modalities, cube=cube)
    table = options.alignment[0]
    summary = depth_summary(table, options.models, parcels.rois, options.subjects, joined=False)
    return MapContent(table, parcels, areas, modalities, summary=summary)


def parser() -> argparse.ArgumentParser:
    options = figure_parser(__doc__, "regions", "subjects")
    options.add_argument(
        "--similarity",
        type=Path,
        nargs="*",
        required=True,
        help="inter-subject RSA, shift 1, separated hemispheres; none if not shown",
    )
    options.add_argument(
        "--alignment",
        type=Path,
        nargs="*",
        required=True,
        help="subject-model RSA, separated hemispheres; none if not shown",
    )
    options.add_argument("--pvalues", type=Path, required=True, help="p-values of regions")
    options.add_argument("--models", nargs="*", required=True, help="names, in order")
    for side in ("left", "right"):
        options.add_argument(
            f"--{side}", type=Path, required=True, help=f"HCP-MMP1, {side} hemisphere"
        )
    options.add_argument("--areas", type=Path, required=True, help="names of HCP-MMP1 areas")
    options.add_argument(
        "--parcellation",
        choices=["real", "simulated"],
        required=True,
        help="whether areas are where they really lie",
    )
    options.add_argument("--level", type=float, required=True, help="false discovery rate")
    options.add_argument("--figure", choices=[*MAP_FIGURES], required=True, help="what is shown")
    return options


if __name__ == "__main__":
    run(main, parser())
