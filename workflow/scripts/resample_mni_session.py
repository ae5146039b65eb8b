"""One session of responses in MNI space on the curated grid: trials x grey-matter voxels."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.mni_session import Resampling, resample_session
from repalign.datasets.nsd_design import read_design
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, versions_of, write_sidecar


def main(options: argparse.Namespace) -> None:
    resample_session(
        options.betas,
        options.grey_matter,
        options.output,
        options.valid,
        Resampling(
            options.resolution,
            options.interpolation,
            options.order,
            options.gm_threshold,
            options.gm_closing,
        ),
        n_trials=read_design(options.design).n_trials_per_session,
        valid_map=options.valid_map[0] if options.valid_map else None,
    )
    record = make_record(options.spec)
    record["versions"] |= versions_of(["nilearn"])
    for made in (options.output, options.valid):
        write_sidecar(made, record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "resolution", "gm-threshold", "gm-closing", "grey-matter")
    options.add_argument("--betas", type=Path, required=True, help="betas_sessionYY.nii.gz")
    options.add_argument("--design", type=Path, required=True, help="nsd_expdesign.mat")
    options.add_argument(
        "--valid-map", type=Path, nargs="*", required=True, help="valid_sessionYY.nii.gz, if any"
    )
    options.add_argument(
        "--interpolation", choices=["continuous", "linear", "nearest"], required=True
    )
    options.add_argument(
        "--order", choices=["resample_then_mask", "mask_then_resample"], required=True
    )
    options.add_argument("--valid", type=Path, required=True, help="voxels with data, to make")
    return options


if __name__ == "__main__":
    run(main, parser())
