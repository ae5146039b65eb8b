"""Take the labelled voxels of one session out of its 4-D volume: trials x voxels."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.nsd_design import read_design
from repalign.datasets.responses import extract_session
from repalign.scripting import run, script_parser
from repalign.tables.prepared import ALL_REGIONS
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    extract_session(
        options.betas,
        options.atlas,
        ALL_REGIONS,
        options.output,
        n_trials=read_design(options.design).n_trials_per_session,
    )
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--betas", type=Path, required=True, help="betas_sessionYY.nii.gz")
    options.add_argument("--atlas", type=Path, required=True, help="merged atlas of the subject")
    options.add_argument("--design", type=Path, required=True, help="nsd_expdesign.mat")
    return options


if __name__ == "__main__":
    run(main, parser())
