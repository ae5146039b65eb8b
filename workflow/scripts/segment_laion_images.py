"""Masks of what nouns name in the shared images of LAION-fMRI, and their table."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np

from repalign.datasets.laion_metadata import read_laion_table, read_metadata
from repalign.errors import RepalignError
from repalign.models.extraction import log_changes, running
from repalign.models.laion_masks import write_segmentations
from repalign.models.laion_pictures import LaionPictures, open_laion
from repalign.models.segment_transformers import load_segmenter
from repalign.models.segmenters import ColourSegmenter, Nouns, Segmenter, read_nouns
from repalign.models.weight_files import Weights
from repalign.scripting import run, script_parser
from repalign.tables.laion_layout import CAPTION_COLUMNS
from repalign.tables.provenance import encode, make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    images = read_metadata(options.metadata)
    rows = np.flatnonzero(images["shared"]).tolist()
    names = images["image_name"].tolist()
    pictures = open_laion(options.pictures, names, alpha=options.alpha, rows=rows)
    nouns = read_nouns(options.nouns)
    if options.backend == "colour":
        if not nouns.colours:
            raise RepalignError(
                "no colours",
                where=options.nouns,
                expected="the columns red, green and blue, which the backend `colour` looks for",
                remedy="Add them, or set laion.stimuli.segmentations.backend: transformers.",
            )
        write(options, pictures, nouns, ColourSegmenter(nouns.colours))
    else:
        with running(options.device, options.model_threads):
            detector, segmenter = (
                Weights("local-dir" if folder else "hub", str(*folder), revision, "")
                for folder, revision in (
                    (options.detector_folder, options.detector_revision),
                    (options.segmenter_folder, options.segmenter_revision),
                )
            )
            loaded = load_segmenter(
                options.detector, detector, options.segmenter, segmenter,
                threshold=options.threshold, device=options.device,
            )  # fmt: skip
            write(options, pictures, nouns, loaded)
    log_changes(pictures)


def write(
    options: argparse.Namespace, pictures: LaionPictures, nouns: Nouns, segmenter: Segmenter
) -> None:
    """Find the nouns and write both files."""
    record = make_record(options.spec)
    wanted = asked(options.captions, pictures, nouns)
    facts = {"alpha": options.alpha, "nouns": encode({"nouns": nouns.names})}
    attributes = {**facts, "provenance": encode(record)}
    count = write_segmentations(
        options.output, options.table, pictures, wanted, segmenter, attributes
    )
    made = {**segmenter.facts, **facts, "n_masks": count}
    for path in (options.table, options.output):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        write_sidecar(path, {**record, "segmentations": made, "sha256": digest})


def asked(captions: list[Path], pictures: LaionPictures, nouns: Nouns) -> list[list[str]]:
    """Return what is looked for in each picture."""
    if not captions:
        return [list(nouns.names)] * len(pictures)
    table = read_laion_table(captions[0], "captions", CAPTION_COLUMNS)
    texts = table.groupby("image_name")["caption"].apply(list).to_dict()
    return [nouns.named_in(texts.get(pictures.image_name(k), [])) for k in range(len(pictures))]


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "device")
    add = options.add_argument
    add("--pictures", type=Path, required=True, help="task-images_stimuli.h5")
    add("--metadata", type=Path, required=True, help="task-images_metadata.csv")
    add("--nouns", type=Path, required=True, help="what to look for: a table with `noun`")
    add("--captions", type=Path, nargs="*", required=True, help="look for what they name alone")
    add("--backend", choices=["transformers", "colour"], required=True, help="what finds it")
    add("--alpha", choices=["composite", "drop"], required=True, help="transparent pictures")
    for part in ("detector", "segmenter"):
        add(f"--{part}", required=True, help="id on the hub; empty for `colour`")
        add(f"--{part}-revision", required=True, help="commit on the hub; empty for the newest")
        add(f"--{part}-folder", nargs="*", required=True, help="folder of the model; none: hub")
    add("--threshold", type=float, required=True, help="least confidence of a detection")
    add("--model-threads", type=int, required=True, help="threads that the models run with")
    add("--table", type=Path, required=True, help="CSV file to make")
    return options


if __name__ == "__main__":
    run(main, parser())
