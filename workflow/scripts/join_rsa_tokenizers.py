"""Join the comparisons of all subjects with tokens into the published table."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.scripting import run, script_parser
from repalign.tables.alignment_tables import RSA_TOKENIZERS
from repalign.tables.columns import Part, join_tables
from repalign.tables.prepared import read_regions, roi_groups
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    rois = roi_groups(read_regions(options.regions), joined=options.hemispheres == "joined")
    n_rows = len(rois) * len(options.tokenizers)
    parts = [
        Part(path, {"subject": subject, "session": "shared", "metric": "rsa"}, n_rows)
        for path, subject in zip(options.parts, options.subjects, strict=True)
    ]
    join_tables(parts, options.output, RSA_TOKENIZERS, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "regions", "subjects", "hemispheres")
    options.add_argument("--parts", type=Path, nargs="+", required=True, help="one a subject")
    options.add_argument("--tokenizers", nargs="+", required=True, help="names, in order")
    options.add_argument(
        "--same-tokens",
        type=Path,
        required=True,
        help="models that these stand for; only recorded",
    )
    return options


if __name__ == "__main__":
    run(main, parser())
