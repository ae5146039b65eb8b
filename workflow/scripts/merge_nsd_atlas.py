"""Merge NSD's two hemisphere atlases into one volume: 1-180 left, 181-360 right."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.nsd_atlas import merge_hemispheres
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    merge_hemispheres(options.left_atlas, options.right_atlas, options.output)
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--left-atlas", type=Path, required=True, help="lh.HCP_MMP1.nii.gz")
    options.add_argument("--right-atlas", type=Path, required=True, help="rh.HCP_MMP1.nii.gz")
    return options


if __name__ == "__main__":
    run(main, parser())
