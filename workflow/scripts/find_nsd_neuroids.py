"""The voxels of all regions of a subject, with their noise ceilings."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.nsd_neuroids import find_neuroids, parse_labels
from repalign.scripting import run, script_parser
from repalign.tables.neuroids import write_neuroids
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    neuroids = find_neuroids(
        options.visual_areas,
        parse_labels(options.labels),
        options.ventral,
        options.ventral_labels,
        options.ncsnr,
        options.repetitions,
    )
    write_neuroids(options.output, neuroids, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "repetitions")
    options.add_argument("--visual-areas", type=Path, required=True, help="prf-visualrois.nii.gz")
    options.add_argument("--labels", nargs="+", required=True, help="regions in it: V1=1,2 ...")
    options.add_argument(
        "--ventral", type=Path, nargs="+", required=True, help="volumes that IT is a part of"
    )
    options.add_argument(
        "--ventral-labels", type=int, nargs="+", required=True, help="labels of IT in them"
    )
    options.add_argument("--ncsnr", type=Path, required=True, help="ncsnr.nii.gz")
    return options


if __name__ == "__main__":
    run(main, parser())
