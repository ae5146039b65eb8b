"""The grid that nilearn gives the responses in MNI space, and the grey matter on it."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.curated_facts import check_real_grid
from repalign.datasets.mask_files import Grid, write_mask
from repalign.datasets.mni_grid import grey_matter, target_grid
from repalign.datasets.nifti import NiftiVolumes
from repalign.scripting import log, run, script_parser
from repalign.tables.provenance import make_record, versions_of, write_sidecar


def main(options: argparse.Namespace) -> None:
    with NiftiVolumes(options.betas) as volumes:
        source = Grid(volumes.shape[:3], volumes.affine)
    grid = target_grid(source, options.resolution)
    mask = grey_matter(grid, options.gm_threshold, options.gm_closing)
    if options.source == "real":
        check_real_grid(
            grid,
            mask,
            resolution=options.resolution,
            threshold=options.gm_threshold,
            closing=options.gm_closing,
        )
    log.info("grid %s, %d grey-matter voxels", grid.shape, mask.sum())
    write_mask(options.output, mask, grid.affine)
    record = make_record(options.spec)
    record["versions"] |= versions_of(["nilearn"])
    write_sidecar(options.output, record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "resolution", "gm-threshold", "gm-closing")
    options.add_argument("--betas", type=Path, required=True, help="a session in MNI space")
    return options


if __name__ == "__main__":
    run(main, parser())
