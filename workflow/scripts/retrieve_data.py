"""Fetch raw data that may be fetched; what is there stays, and is compared with the record."""

from __future__ import annotations

import argparse

from repalign.retrieval.plan import RetrievalPlan
from repalign.retrieval.retrieve import retrieve
from repalign.scripting import log, run, script_parser


def main(options: argparse.Namespace) -> None:
    plan = RetrievalPlan.from_json(options.plan)
    files = retrieve(plan, options.output)
    log.info("%d files %s", len(files), "to fetch" if plan.only_list else "fetched")


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--plan", required=True, help="what to fetch, as JSON")
    return options


if __name__ == "__main__":
    run(main, parser())
