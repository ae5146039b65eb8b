"""A figure of networks: backbones of the similarity between regions, coloured by depth."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.figures.files import save_figure
from repalign.figures.model_scores import depth_summary
from repalign.figures.networks import NETWORK_FIGURES, Networks, draw_networks
from repalign.figures.nothing import draw_or_say
from repalign.figures.pair_cubes import PairCube, read_pair_cube
from repalign.figures.parcels import Parcels
from repalign.figures.significance import significant_regions
from repalign.models.modality import by_modality
from repalign.scripting import figure_files, figure_parser, run
from repalign.tables.prepared import read_regions


def main(options: argparse.Namespace) -> None:
    parcels = Parcels.of(read_regions(options.regions), joined=True)
    pvalues = options.pvalues
    content = Networks(
        [*options.similarity, *options.partitions][0],
        parcels,
        _cubes(options, parcels),
        depth_summary(options.depth, options.models, parcels.rois, options.subjects, joined=True),
        by_modality(options.models),
        frozenset(significant_regions(pvalues[0], "intersubject") if pvalues else ()),
    )
    figure, numbers = draw_or_say(
        lambda: draw_networks(options.figure, content, source=options.source)
    )
    save_figure(figure, numbers, **figure_files(options))


def _cubes(options: argparse.Namespace, parcels: Parcels) -> dict[str, PairCube]:
    """Read the similarities of the figure, all images or each subset of them."""
    common = {"rois": parcels.rois, "subjects": options.subjects, "shift": 1, "joined": True}
    if options.similarity:
        return {"all": read_pair_cube(options.similarity[0], **common)}
    return {
        subset: read_pair_cube(options.partitions[0], **common, subset=subset)
        for subset in ("animate", "inanimate")
    }


def parser() -> argparse.ArgumentParser:
    options = figure_parser(__doc__, "regions", "subjects")
    tables = {
        "similarity": "inter-subject RSA, shift 1, joined hemispheres",
        "partitions": "the same on animate and inanimate images",
        "pvalues": "p-values of regions",
    }
    for name, text in tables.items():
        options.add_argument(
            f"--{name}", type=Path, nargs="*", required=True, help=f"{text}; none if not shown"
        )
    options.add_argument("--depth", type=Path, required=True, help="subject-model RSA, joined")
    options.add_argument("--models", nargs="+", required=True, help="names, in order")
    options.add_argument(
        "--figure", choices=[*NETWORK_FIGURES], required=True, help="what is shown"
    )
    return options


if __name__ == "__main__":
    run(main, parser())
