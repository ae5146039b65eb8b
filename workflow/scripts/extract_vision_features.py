"""Features of all pictures of a dataset from every block of a vision model."""

from __future__ import annotations

import argparse
from pathlib import Path, PurePosixPath

from repalign.datasets.mouse_images import CHANNEL_RULES, ScanPictures
from repalign.models.extraction import log_changes, make_features, running, vision_compute
from repalign.models.extraction_options import add_model_options, facts_of, run_with, weights_of
from repalign.models.images import Images, open_brick, open_files
from repalign.models.loading import load_timm
from repalign.models.vision import Vision
from repalign.scripting import run, script_parser
from repalign.tables.parquet import read_table
from repalign.tables.prepared import read_stimulus_files, read_stimulus_ids
from repalign.tables.provenance import make_record


def open_pictures(options: argparse.Namespace) -> Images:
    """Open NSD's one file of pictures, the scans of mice, or a folder of picture files."""
    if options.channels:
        table = read_table(options.stimuli).to_pandas()
        return ScanPictures(
            dict(zip(options.scans, options.pictures, strict=True)),
            table["file"].tolist(),
            table["pixels"].tolist(),
            table["stimulus"].tolist(),
            options.channels[0],
        )
    (pictures,) = options.pictures
    if not options.below:
        ids = read_stimulus_ids(options.stimuli)
        return open_brick(pictures, ids, encoding=options.images)
    files = read_stimulus_files(options.stimuli)
    below = options.below[0]
    places = [PurePosixPath(path).relative_to(below) for path in files.values()]
    return open_files([pictures / place for place in places], list(files))


def main(options: argparse.Namespace) -> None:
    images = open_pictures(options)
    with running(options.device, options.model_threads):
        loaded = load_timm(options.model_id, weights_of(options))
        vision = Vision(loaded.module.to(options.device), loaded.data_config, options.pool)
        make_features(
            options.output,
            images.ids,
            vision_compute(vision, images, options.batch_size),
            {
                **facts_of(options, loaded),
                "modality": "vision",
                "precision": "float32",
                "transform": vision.transform,
                "images": options.images,
            },
            make_record(options.spec),
            store=options.store,
            run_with=run_with(options),
        )
    log_changes(images)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "model", "dataset", "device")
    add_model_options(options)
    options.add_argument("--stimuli", type=Path, required=True, help="stimuli.parquet")
    options.add_argument(
        "--pictures",
        type=Path,
        nargs="+",
        required=True,
        help="nsd_stimuli.hdf5, the folder of pictures, or scans of mice",
    )
    options.add_argument("--scans", nargs="*", default=[], help="data keys of scans, in order")
    options.add_argument(
        "--channels", nargs="*", choices=CHANNEL_RULES, default=[], help="what models see of scans"
    )
    options.add_argument(
        "--below", nargs="*", default=[], help="where that folder lies in the raw data"
    )
    options.add_argument("--images", choices=["jpeg", "exact"], required=True)
    return options


if __name__ == "__main__":
    run(main, parser())
