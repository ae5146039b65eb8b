"""Components that subjects share in each area and hub, by kernel multi-view CCA."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.alignment.components import FitOptions, shared_components
from repalign.models.kmcca_tables import COMPONENTS
from repalign.scripting import run, script_parser
from repalign.tables.gram_store import read_grams
from repalign.tables.parquet import parquet_writer
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    choices = FitOptions(
        regularisation=options.regularisation,
        kernel=options.kernel,
        n_components=options.n_components,
        signal_rank=options.signal_rank or None,
        n_folds=options.folds,
        seed=options.seed,
    )
    subjects = [read_grams(path) for path in options.grams]
    with parquet_writer(options.output, COMPONENTS, make_record(options.spec)) as writer:
        for table in shared_components(subjects, choices):
            writer.write_table(table)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "seed")
    options.add_argument(
        "--grams", type=Path, nargs="+", required=True, help="Gram matrices, a file a subject"
    )
    options.add_argument("--regularisation", type=float, required=True, help="kappa, 0 to 1")
    options.add_argument("--kernel", choices=["linear", "rbf"], required=True)
    options.add_argument("--n-components", type=int, required=True, help="components to keep")
    options.add_argument(
        "--signal-rank", type=int, required=True, help="dimensions a subject; 0: all"
    )
    options.add_argument("--folds", type=int, required=True, help="parts that are held out")
    return options


if __name__ == "__main__":
    run(main, parser())
