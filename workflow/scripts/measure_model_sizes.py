"""Parameters, layers and width of the published models, from their architectures alone."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.nsd_index import write_csv
from repalign.models.architectures import read_language_facts
from repalign.models.model_tables import size_table
from repalign.models.registry import read_registry
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    facts = read_language_facts(options.architectures)
    sizes = size_table(read_registry(options.registry), facts, options.prompt)
    write_csv(sizes, options.output)
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--registry", type=Path, required=True, help="models.tsv")
    options.add_argument(
        "--architectures", type=Path, required=True, help="facts of the language models (TSV)"
    )
    options.add_argument("--prompt", required=True, help="captions that language models read")
    return options


if __name__ == "__main__":
    run(main, parser())
