"""Words of first captions on the first shared component of each hub."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.models.kmcca_tables import PROJECTIONS
from repalign.models.word_scores import words_of_hubs
from repalign.scripting import run, script_parser
from repalign.tables.parquet import read_table, write_table
from repalign.tables.provenance import make_record
from repalign.tables.token_tables import read_tokens


def main(options: argparse.Namespace) -> None:
    projections = read_table(options.projections, PROJECTIONS).to_pandas()
    ids, tokens = read_tokens(options.words)
    table = words_of_hubs(
        projections,
        dict(zip(ids.tolist(), tokens.to_pylist(), strict=True)),
        min_images=options.min_images,
        n_permutations=options.permutations,
        seed=options.seed,
    )
    write_table(options.output, table, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "permutations", "seed")
    options.add_argument(
        "--projections", type=Path, required=True, help="kmcca_projections.parquet"
    )
    options.add_argument("--words", type=Path, required=True, help="words of first captions")
    options.add_argument("--min-images", type=int, required=True, help="images of a word")
    return options


if __name__ == "__main__":
    run(main, parser())
