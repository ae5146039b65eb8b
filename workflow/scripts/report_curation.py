"""What the curated set keeps, what it leaves out and why."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from repalign.datasets.curation_report import curation_report
from repalign.scripting import log, run, script_parser
from repalign.tables.atomic import atomic_file
from repalign.tables.curated_tables import CURATED_TRIALS
from repalign.tables.parquet import read_table
from repalign.tables.provenance import make_record, versions_of, write_sidecar


def main(options: argparse.Namespace) -> None:
    record = make_record(options.spec)
    record["versions"] |= versions_of(["nilearn"])
    report = curation_report(
        read_table(options.trials, CURATED_TRIALS),
        dict(zip(options.subjects, options.betas, strict=True)),
        dict(zip(options.subjects, options.labels, strict=True)),
        options.grey_matter,
        json.loads(options.choices),
    )
    for warning in report["warnings"]:
        log.warning("%s", warning)
    said = {"source": options.source, "versions": record["versions"]}
    text = json.dumps({**said, **report}, indent=2, ensure_ascii=False)
    with atomic_file(options.output) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
    write_sidecar(options.output, record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "trials", "subjects", "grey-matter")
    options.add_argument(
        "--betas", type=Path, nargs="+", required=True, help="matrix of each subject"
    )
    options.add_argument(
        "--labels", type=Path, nargs="+", required=True, help="labels of each subject"
    )
    options.add_argument("--choices", required=True, help="section curated_3mm, as JSON")
    return options


if __name__ == "__main__":
    run(main, parser())
