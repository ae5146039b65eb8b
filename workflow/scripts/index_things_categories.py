"""Every concept of THINGS with its higher-level categories."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.nsd_index import write_csv
from repalign.datasets.things_images import N_CONCEPTS, read_concepts
from repalign.datasets.things_index import categories_index
from repalign.errors import RepalignError
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    concepts = read_concepts(options.concepts)
    record = make_record(options.spec)
    if record["dataset_source"] == "real" and len(concepts) != N_CONCEPTS:
        raise RepalignError(
            f"{len(concepts)} concepts",
            where=options.concepts,
            expected=f"{N_CONCEPTS}, as in the real THINGS",
            remedy="Fetch the file again, or set things.source to `other`.",
        )
    table = categories_index(concepts, options.memberships, options.tags)
    write_csv(table, options.output)
    write_sidecar(options.output, record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--concepts", type=Path, required=True, help="unique_id.csv")
    options.add_argument("--memberships", type=Path, required=True, help="category_mat_manual.tsv")
    options.add_argument("--tags", type=Path, required=True, help="categorization.tsv")
    return options


if __name__ == "__main__":
    run(main, parser())
