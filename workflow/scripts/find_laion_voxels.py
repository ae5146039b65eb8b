"""Voxels of a LAION-fMRI subject's regions, within the brain and above a noise ceiling."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.laion_voxels import (
    above,
    brain_voxels,
    laion_voxels,
    read_ceilings,
    write_voxels,
)
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    brain = brain_voxels(options.brain, options.brain_rule)
    voxels = laion_voxels(dict(zip(options.rois, options.masks, strict=True)), brain)
    for path in options.ceilings:
        voxels = above(voxels, read_ceilings(path, brain), options.min_ceiling)
    write_voxels(options.output, voxels)
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--brain", type=Path, required=True, help="map of the mean R2")
    options.add_argument("--brain-rule", choices=["nonzero", "positive"], required=True)
    options.add_argument("--masks", type=Path, nargs="*", required=True, help="masks of regions")
    options.add_argument("--rois", type=int, nargs="*", required=True, help="their ids, in order")
    options.add_argument(
        "--ceilings", type=Path, nargs="*", required=True, help="map of ceilings; none: no limit"
    )
    options.add_argument("--min-ceiling", type=float, required=True, help="per cent")
    return options


if __name__ == "__main__":
    run(main, parser())
