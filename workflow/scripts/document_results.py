"""What describes all results together: provenance, methods text, research object, checksums.

The checksums are made last and cover everything else, as `sha256sum --check` reads them in the
folder of results.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from repalign.provenance.citation import read_citation
from repalign.provenance.crate import crate_document
from repalign.provenance.document import provenance_document
from repalign.provenance.methods import methods_text
from repalign.provenance.results import check_content, read_results, sum_file, sums_text
from repalign.scripting import run, script_parser
from repalign.tables.atomic import atomic_file
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    folder = options.output.parent
    results = read_results(folder, options.results)
    check_content(results, options.content, folder)
    _write(options.output, _json(provenance_document(results, folder.parent)))
    _write(options.methods, methods_text(results))
    documents = [sum_file(folder, path.name) for path in (options.output, options.methods)]
    crate = crate_document(results, documents, read_citation(options.citation))
    _write(options.crate, _json(crate))
    files = [file for result in results for file in result.files]
    files += [*documents, sum_file(folder, options.crate.name)]
    _write(options.sums, sums_text(files))
    write_sidecar(options.output, make_record(options.spec))


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _write(path: Path, text: str) -> None:
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--results", nargs="*", required=True, help="below the folder of results")
    options.add_argument("--content", required=True, help="digest of all their files")
    options.add_argument("--citation", type=Path, required=True, help="CITATION.cff")
    options.add_argument("--methods", type=Path, required=True, help="text to make")
    options.add_argument("--crate", type=Path, required=True, help="research object to make")
    options.add_argument("--sums", type=Path, required=True, help="checksums to make")
    return options


if __name__ == "__main__":
    run(main, parser())
