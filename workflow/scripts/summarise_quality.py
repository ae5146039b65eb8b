"""One line a subject and region: how many voxels, how many of them dead, what is wrong."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from repalign.datasets.response_folder import REGIONS_TABLE
from repalign.scripting import run, script_parser
from repalign.tables.atomic import atomic_file
from repalign.tables.prepared import read_regions
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    names = read_regions(options.regions)[["roi", "name", "hemisphere"]]
    tables = [
        pd.read_csv(folder / REGIONS_TABLE, sep="\t").assign(subject=subject)
        for subject, folder in zip(options.subjects, options.responses, strict=True)
    ]
    quality = pd.concat(tables).merge(names, on="roi", how="inner", validate="many_to_one")
    columns = ["subject", "roi", "name", "hemisphere", "n_voxels", "n_dead", "status"]
    with atomic_file(options.output) as temporary:
        quality[columns].to_csv(temporary, sep="\t", index=False, lineterminator="\n")
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "regions", "subjects")
    options.add_argument("--responses", type=Path, nargs="+", required=True, help="folders")
    return options


if __name__ == "__main__":
    run(main, parser())
