"""RSA of all pairs of subjects on mean responses to the same images, all regions with all."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import numpy as np
import numpy.typing as npt

from repalign.alignment.images import same_images, scaled
from repalign.kernels.comparison import rsa
from repalign.scripting import run, script_parser
from repalign.tables.parquet import parquet_writer
from repalign.tables.prepared import read_regions, roi_groups
from repalign.tables.provenance import make_record
from repalign.tables.rdm_store import RdmReader
from repalign.tables.rsa_table import RSA_SUBJECT_SUBJECT, pair_table

log = logging.getLogger("repalign")


def main(options: argparse.Namespace) -> None:
    joined = options.hemispheres == "joined"
    rois = list(roi_groups(read_regions(options.regions), joined=joined))
    readers = dict(zip(options.subjects, map(RdmReader, options.rdms), strict=True))
    images = same_images(readers, options.repetitions)

    def vectors(subject: int) -> npt.NDArray[np.float32]:
        own = np.stack(list(readers[subject].vectors()))
        return scaled(own, options.comparison, options.ties)

    with parquet_writer(options.output, RSA_SUBJECT_SUBJECT, make_record(options.spec)) as writer:
        for i in options.subjects:
            x = vectors(i)
            for j in options.subjects:
                square = rsa(x, x if i == j else vectors(j))
                writer.write_table(
                    pair_table(square, rois, subject_i=i, subject_j=j, joined=joined, shift=0)
                )
    log.info("%d images that all of %d subjects saw", len(images), len(readers))


def parser() -> argparse.ArgumentParser:
    options = script_parser(
        __doc__, "regions", "subjects", "repetitions", "hemispheres", "comparison"
    )
    options.add_argument(
        "--rdms", type=Path, nargs="+", required=True, help="image RDMs of all subjects, in order"
    )
    options.add_argument(
        "--ties", choices=["average", "ordinal"], required=True, help="ranks of equal distances"
    )
    return options


if __name__ == "__main__":
    run(main, parser())
