"""Generated captions in the published layout, with corrections by hand put in last."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.models.caption_tables import check_empty, correct, read_index, write_texts
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    captions = read_index(options.texts)
    record = make_record(options.spec)
    for path in options.corrections:
        captions, record["corrections"] = correct(captions, str(captions.columns[0]), path)
    record["n_empty"] = check_empty(
        captions["caption"].to_list(), options.max_empty_share, options.texts
    )
    write_texts(captions, options.output)
    write_sidecar(options.output, record)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "texts", "max-empty-share")
    options.add_argument(
        "--corrections", type=Path, nargs="*", required=True, help="id, caption, reason (CSV)"
    )
    return options


if __name__ == "__main__":
    run(main, parser())
