"""COCO's captions of every NSD image: row k is image k."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.coco_captions import captions_index, read_captions, write_captions
from repalign.datasets.nsd_coco import read_nsd_pictures
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    pictures = read_nsd_pictures(options.pictures)
    files = read_captions(options.captions, pictures)
    write_captions(captions_index(files, pictures), options.output)
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument(
        "--captions", type=Path, nargs=2, required=True, help="files of train2017 and val2017"
    )
    options.add_argument(
        "--pictures", type=Path, required=True, help="nsd_stim_info_merged.csv or nsd_stimuli.csv"
    )
    return options


if __name__ == "__main__":
    run(main, parser())
