"""Objects in the shown pictures, as a detector finds them."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.models.detection import detect, load_detector
from repalign.models.images import open_brick
from repalign.models.libraries import deterministic
from repalign.models.scene_objects import wanted_pictures, write_scene_objects
from repalign.models.weight_files import Weights
from repalign.scripting import run, script_parser
from repalign.tables.progress import progress
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    pictures = wanted_pictures(options.stimuli, options.picture_set)
    images = open_brick(options.images, pictures, encoding=options.encoding)
    with deterministic(options.threads):
        origin = options.detector_source, options.detector_path, options.detector_revision
        detector = load_detector(options.detector, Weights(*origin, sha256=""))
        found = detect(detector, images, options.threshold)
        detections = list(progress(found, "pictures", total=len(images)))
    weights = {"digest": detector.digest, "revision": detector.revision}
    record = {**make_record(options.spec), "detector": weights}
    write_scene_objects(options.output, detections, record, clip=not options.raw_area)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "picture-set", "raw-area")
    options.add_argument("--stimuli", type=Path, required=True, help="stimuli.parquet")
    options.add_argument("--images", type=Path, required=True, help="nsd_stimuli.hdf5")
    options.add_argument(
        "--encoding", choices=["jpeg", "exact"], required=True, help="what the detector sees"
    )
    options.add_argument(
        "--threshold", type=float, required=True, help="confidence that must be exceeded"
    )
    options.add_argument("--detector", required=True, help="id or name of the model")
    options.add_argument("--detector-source", choices=["hub", "local-dir"], required=True)
    options.add_argument("--detector-path", required=True, help="folder of a local-dir, or empty")
    options.add_argument("--detector-revision", required=True, help="on the hub, or empty")
    options.add_argument(
        "--detector-files", nargs="*", required=True, help="content of the folder, for the record"
    )
    return options


if __name__ == "__main__":
    run(main, parser())
