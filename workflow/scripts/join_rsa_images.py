"""Join the comparisons of images of all subjects into the published table."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.scripting import run, script_parser
from repalign.tables.alignment_tables import RSA_IMAGES
from repalign.tables.columns import Part, join_tables
from repalign.tables.prepared import read_regions, roi_groups
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    rois = roi_groups(read_regions(options.regions), joined=options.hemispheres == "joined")
    parts = [
        Part(path, {"subject": subject, "images": options.image_set}, len(rois))
        for path, subject in zip(options.parts, options.subjects, strict=True)
    ]
    join_tables(parts, options.output, RSA_IMAGES, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "regions", "subjects", "hemispheres", "image-set")
    options.add_argument("--parts", type=Path, nargs="+", required=True, help="one a subject")
    return options


if __name__ == "__main__":
    run(main, parser())
