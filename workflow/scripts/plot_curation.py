"""What the curated set keeps and leaves out, as a figure."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from repalign.datasets.curation_report import class_names
from repalign.figures.curation import plot_curation
from repalign.figures.style import save_png
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    report = json.loads(options.report.read_text(encoding="utf-8"))
    figure = plot_curation(report, class_names(report), source=options.source)
    save_png(figure, options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--report", type=Path, required=True, help="curation.json")
    return options


if __name__ == "__main__":
    run(main, parser())
