"""Join the comparisons of all ordered pairs of subjects into a published table."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from repalign.scripting import run, script_parser
from repalign.tables.prepared import read_regions, roi_groups
from repalign.tables.provenance import make_record
from repalign.tables.rsa_table import join_pairs

log = logging.getLogger("repalign")


def main(options: argparse.Namespace) -> None:
    joined = options.hemispheres == "joined"
    rois = list(roi_groups(read_regions(options.regions), joined=joined))
    undefined = join_pairs(
        options.parts,
        options.output,
        subjects=options.subjects,
        rois=rois,
        joined=joined,
        shift=options.shift,
        n_repetitions=options.repetitions,
        record=make_record(options.spec),
    )
    log.info("%d rows", len(options.parts) * len(rois) ** 2)
    without = sorted({(i, roi) for (i, _), found in undefined.items() for roi in found})
    for subject, roi in without:
        log.warning(
            "region %d of subject %d has no similarity (NaN); %s says why",
            roi,
            subject,
            options.quality,
        )


def parser() -> argparse.ArgumentParser:
    options = script_parser(
        __doc__, "regions", "subjects", "shift", "repetitions", "hemispheres", "comparison"
    )
    options.add_argument("--parts", type=Path, nargs="+", required=True, help="i major")
    options.add_argument("--quality", type=Path, required=True, help="quality.tsv")
    return options


if __name__ == "__main__":
    run(main, parser())
