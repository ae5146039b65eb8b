"""What a model, a user's table or fixed rules say of every image of BOLD5000 or THINGS."""

from __future__ import annotations

import argparse
from pathlib import Path, PurePosixPath

from repalign.models.caption_backends import make_texts, request_of
from repalign.models.caption_tables import read_index, write_texts
from repalign.models.caption_template import name_sentence
from repalign.models.captioning import finish
from repalign.models.images import Images, open_files
from repalign.options import OF_TEXTS
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    index = read_index(options.index)

    def images() -> Images:
        below = [PurePosixPath(path).relative_to(options.below) for path in index["image_path"]]
        return open_files(
            [options.pictures[0] / path for path in below], index.iloc[:, 0].to_numpy()
        )

    record = make_record(options.spec)
    texts = make_texts(request_of(index, options), images, name_sentence, options.output, record)
    write_texts(texts, options.output)
    write_sidecar(options.output, record)
    finish(options.output)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, *OF_TEXTS)
    options.add_argument("--index", type=Path, required=True, help="images.csv of the dataset")
    options.add_argument("--below", required=True, help="folder of the pictures in the raw data")
    return options


if __name__ == "__main__":
    run(main, parser())
