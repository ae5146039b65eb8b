"""Short answers about every NSD image: an allowed one, or `unparsed`."""

from __future__ import annotations

import argparse

from repalign.models.answers import answers_table, log_answers
from repalign.models.caption_tables import check_empty, read_index, write_texts
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    texts = read_index(options.texts)
    check_empty(texts["caption"].to_list(), options.max_empty_share, options.texts)
    answers = answers_table(texts, options.allowed)
    write_texts(answers, options.output)
    counts = log_answers(answers)
    write_sidecar(options.output, {**make_record(options.spec), "answers": counts})


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "texts", "max-empty-share")
    options.add_argument("--allowed", nargs="+", required=True, help="answers in lower case")
    return options


if __name__ == "__main__":
    run(main, parser())
