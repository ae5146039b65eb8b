"""What a model, a user's table or fixed rules say of every NSD image, to one prompt."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from repalign.datasets.nsd_coco import read_nsd_pictures
from repalign.datasets.nsd_index import images_index
from repalign.models.caption_backends import make_texts, request_of
from repalign.models.caption_tables import write_texts
from repalign.models.caption_template import answer, read_objects_by_image
from repalign.models.captioning import finish
from repalign.models.images import Images, open_brick
from repalign.options import OF_TEXTS
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    shown = read_nsd_pictures(options.picture_table)
    index = images_index(pd.DataFrame({"nsdId": [picture.nsd_id for picture in shown]}))
    objects = read_objects_by_image(options.objects[0]) if options.objects else {}

    def images() -> Images:
        return open_brick(options.pictures[0], index["nsd_id"].to_numpy(), encoding=options.images)

    def template(row: Mapping[str, Any]) -> str:
        return answer(options.prompt, objects.get(row["nsd_id"], []))

    record = make_record(options.spec)
    texts = make_texts(request_of(index, options), images, template, options.output, record)
    write_texts(texts, options.output)
    write_sidecar(options.output, record)
    finish(options.output)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, *OF_TEXTS)
    options.add_argument("--picture-table", type=Path, required=True, help="table of NSD's images")
    options.add_argument(
        "--objects",
        type=Path,
        nargs="*",
        required=True,
        help="coco_objects.parquet, for `template`",
    )
    options.add_argument(
        "--prompt", choices=["caption", "motion", "indoor", "scene"], required=True
    )
    options.add_argument(
        "--images", choices=["jpeg", "exact"], required=True, help="what models see"
    )
    return options


if __name__ == "__main__":
    run(main, parser())
