"""Inner products of a subject's responses to shared images, area by area."""

from __future__ import annotations

import argparse
import logging

import numpy as np

from repalign.alignment.shared_images import image_rows, nsd_ids, shared_images
from repalign.datasets.response_folder import read_trials
from repalign.errors import RepalignError
from repalign.kernels.repetitions import mean_patterns
from repalign.kernels.views import linear_gram
from repalign.scripting import run, script_parser
from repalign.tables.gram_store import write_grams
from repalign.tables.hubs import area_regions
from repalign.tables.prepared import read_regions, read_trials_table
from repalign.tables.progress import progress
from repalign.tables.provenance import make_record, write_sidecar

log = logging.getLogger("repalign")


def main(options: argparse.Namespace) -> None:
    trials = read_trials_table(options.trials)
    images = shared_images(trials, options.subjects, options.repetitions, options.images)
    own = images[options.subject]
    stimuli, rows = image_rows(trials, options.subject, own)
    log.info("subject %d: %d images, %d trials", options.subject, len(own), len(rows))
    ids = nsd_ids(options.stimuli, own)
    order = np.argsort(ids)
    areas = {}
    found = area_regions(read_regions(options.regions))
    for area, regions in progress(found.items(), "areas", total=len(found)):
        try:
            patterns = mean_patterns(read_trials(options.responses, regions, rows), stimuli, None)
            gram, n_voxels = linear_gram(patterns)
        except ValueError as error:
            raise RepalignError(
                str(error),
                where=f"{options.responses}, area {area}",
                expected="finite responses",
                remedy="Prepare the responses again.",
            ) from error
        if not n_voxels:
            log.warning("%s: no voxel that varies in %s", options.responses, area)
        areas[area] = gram[np.ix_(order, order)], n_voxels
    write_grams(options.output, ids[order], areas)
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    return script_parser(
        __doc__, "responses", "trials", "stimuli", "regions", "subject", "subjects", "repetitions",
        "images",
    )  # fmt: skip


if __name__ == "__main__":
    run(main, parser())
