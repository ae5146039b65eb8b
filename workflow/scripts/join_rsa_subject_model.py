"""Join the comparisons of all models and subjects into the published table."""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

from repalign.scripting import run, script_parser
from repalign.tables.alignment_tables import (
    RSA_SUBJECT_MODEL,
    RSA_SUBJECT_MODEL_OTHERS,
    RSA_SUBJECT_MODEL_PARTIAL,
    sessions_first,
)
from repalign.tables.columns import Part, join_tables
from repalign.tables.parquet import parquet_writer
from repalign.tables.prepared import read_regions, roi_groups
from repalign.tables.provenance import make_record

SCHEMAS = {"session": RSA_SUBJECT_MODEL, "control": RSA_SUBJECT_MODEL_PARTIAL}


def main(options: argparse.Namespace) -> None:
    rois = roi_groups(read_regions(options.regions), joined=options.hemispheres == "joined")
    keys = product(options.models, options.subjects)
    parts = [
        Part(path, {"model": model, "subject": subject}, multiple_of=len(rois))
        for path, (model, subject) in zip(options.parts, keys, strict=True)
    ]
    schema, record = SCHEMAS[options.by], make_record(options.spec)
    if not options.image_set:
        join_tables(parts, options.output, schema, record)
        return
    with parquet_writer(options.output, RSA_SUBJECT_MODEL_OTHERS, record) as writer:
        for part in parts:
            table = sessions_first(part.read(schema), options.image_set[0])
            writer.write_table(table, row_group_size=len(table))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "regions", "subjects", "hemispheres")
    options.add_argument("--parts", type=Path, nargs="+", required=True, help="model major")
    options.add_argument("--models", nargs="+", required=True, help="names, in order")
    options.add_argument("--by", choices=sorted(SCHEMAS), required=True, help="what is repeated")
    options.add_argument(
        "--image-set",
        nargs="*",
        default=[],
        help="write the published columns of this one, such as bold5000-coco; none: those of NSD",
    )
    return options


if __name__ == "__main__":
    run(main, parser())
