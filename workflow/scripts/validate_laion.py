"""Whether the files of LAION-fMRI hold what their readers take for granted."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from repalign.datasets.laion_checks import counts
from repalign.datasets.laion_report import report_html, report_json, report_tsv
from repalign.datasets.laion_validator import LaionFiles, validate_laion
from repalign.scripting import run, script_parser
from repalign.tables import laion_layout as layout
from repalign.tables.atomic import atomic_file
from repalign.tables.provenance import make_record, write_sidecar

log = logging.getLogger("repalign")
LISTS = ("pictures", "metadata", "produced", "released", "trials", "betas", "grids")
"""Options with files, of which there may be none."""


def main(options: argparse.Namespace) -> None:
    record = make_record(options.spec)
    derived = {path.name: path for path in (*options.produced, *options.released)}

    def found(pattern: str, **entities: str) -> Path | None:
        return derived.get(Path(pattern.format(**entities)).name)

    files = LaionFiles(
        pictures=next(iter(options.pictures), None),
        metadata=next(iter(options.metadata), None),
        embeddings={label: found(layout.EMBEDDINGS, label=label) for label in layout.WIDTHS},
        masks=found(layout.MASKS),
        mask_table=found(layout.MASK_TABLE),
        captions=found(layout.CAPTIONS),
        trials=options.trials,
        betas=options.betas,
        grids=options.grids,
        is_real=record["dataset_source"] == "real",
    )
    outcomes = validate_laion(files)
    tally = counts(outcomes)
    if tally["fail"]:
        log.warning("%d invariants fail; the report says which", tally["fail"])
    made_here = "made by the workflow" if options.produced else "as released"
    facts = {"data": str(record["dataset_source"]), "derived files": made_here}
    made = {
        options.json: report_json(outcomes, facts),
        options.tsv: report_tsv(outcomes),
        options.output: report_html(outcomes, facts),
    }
    for path, text in made.items():
        with atomic_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
        write_sidecar(path, record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    add = options.add_argument
    for name in LISTS:
        add(f"--{name}", type=Path, nargs="*", required=True, help="what is there of it")
    add("--json", type=Path, required=True, help="the report for programs")
    add("--tsv", type=Path, required=True, help="the same as a table")
    return options


if __name__ == "__main__":
    run(main, parser())
