"""The curated responses of a subject as a 4-D image, float32."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.curated_files import write_four_d
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    write_four_d(options.betas, options.columns, options.output)
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--betas", type=Path, required=True, help="sub-XX_betas.npy")
    options.add_argument("--columns", type=Path, required=True, help="sub-XX_mask.nii.gz")
    return options


if __name__ == "__main__":
    run(main, parser())
