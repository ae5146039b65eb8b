"""Images of LAION-fMRI of one kind, of one side of a split, or with and without a noun."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from repalign.alignment.subsets import SUBSET_OF_SHOWINGS
from repalign.datasets.laion_sets import image_set, read_nouns, read_split
from repalign.scripting import run, script_parser
from repalign.tables.columns import table_of
from repalign.tables.laion_sets import IMAGE_SETS
from repalign.tables.parquet import read_table, write_table
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    where = next(iter([*options.split, *options.masks]), options.stimuli)
    stimuli = image_set(
        options.image_set,
        read_table(options.stimuli).to_pandas(),
        split=read_split(options.split[0]) if options.split else None,
        masks=read_nouns(options.masks[0]) if options.masks else None,
        noun=options.noun,
        keep_short=options.short_images == "keep",
        where=where,
    )
    columns = {"stimulus": stimuli.astype(np.uint32), "showings": options.showings}
    table = table_of(SUBSET_OF_SHOWINGS, columns)
    write_table(options.output, table, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "stimuli")
    options.add_argument("--image-set", choices=IMAGE_SETS, required=True)
    options.add_argument("--split", type=Path, nargs="*", required=True, help="file of the split")
    options.add_argument(
        "--masks", type=Path, nargs="*", required=True, help="table of segmentations"
    )
    options.add_argument("--noun", required=True, help="noun that images have, or have not")
    options.add_argument("--short-images", choices=["drop", "keep"], required=True)
    options.add_argument(
        "--showings", type=int, required=True, help="showings compared trial by trial"
    )
    return options


if __name__ == "__main__":
    run(main, parser())
