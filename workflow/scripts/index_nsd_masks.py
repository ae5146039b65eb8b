"""Every region mask of every subject, with the merged atlas as both.HCP_MMP1."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.nsd_index import masks_index, write_csv
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    masks: dict[int, list[str]] = {}
    for subject, path in zip(options.mask_subjects, options.masks, strict=True):
        masks.setdefault(subject, []).append(path)
    merged = dict(zip(options.subjects, options.atlases, strict=True))
    write_csv(masks_index(masks, merged), options.output)
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "subjects")
    options.add_argument("--masks", nargs="+", required=True, help="paths in the raw folder")
    options.add_argument(
        "--mask-subjects", type=int, nargs="+", required=True, help="subject of each mask"
    )
    options.add_argument("--atlases", type=Path, nargs="+", required=True, help="merged atlases")
    return options


if __name__ == "__main__":
    run(main, parser())
