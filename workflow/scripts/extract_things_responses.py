"""Region matrices of THINGS-fMRI from a subject's table of voxels by trials."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from repalign.datasets.hcp_mmp1 import read_hcp_table
from repalign.datasets.things_responses import extract_table_responses
from repalign.datasets.things_voxels import HemisphereRule, read_table_voxels
from repalign.scripting import run, script_parser
from repalign.tables.prepared import N_AREAS, read_trials_table
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    names = read_hcp_table(options.hcp_table)["name"].tolist()[:N_AREAS]
    legacy = options.hemisphere_numbering == "reference"
    rule = HemisphereRule(options.midline, options.left_side, legacy)
    voxels = read_table_voxels(options.voxels, names, rule)
    trials = read_trials_table(options.trials)
    n_trials = int(np.count_nonzero(trials["subject"] == options.subject))
    extract_table_responses(options.responses, voxels, n_trials, options.output)
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "trials", "subject")
    options.add_argument("--hcp-table", type=Path, required=True, help="hcp.csv")
    options.add_argument("--voxels", type=Path, required=True, help="sub-0S_VoxelMetadata.csv")
    options.add_argument("--responses", type=Path, required=True, help="sub-0S_ResponseData.h5")
    options.add_argument(
        "--midline", type=float, required=True, help="first voxel_x of the upper side"
    )
    options.add_argument("--left-side", choices=["lower", "upper"], required=True)
    options.add_argument(
        "--hemisphere-numbering", choices=["canonical", "reference"], required=True
    )
    return options


if __name__ == "__main__":
    run(main, parser())
