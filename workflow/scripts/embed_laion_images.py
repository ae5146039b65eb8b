"""One embedding of all pictures of LAION-fMRI, in the published layout."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from repalign.datasets.laion_metadata import read_metadata
from repalign.models.extraction import VERSIONS, log_changes, running
from repalign.models.laion_embedders import PROJECTION, Preparation, projection, timm_embedder
from repalign.models.laion_embeddings import make_embeddings
from repalign.models.laion_pictures import LaionPictures, open_laion
from repalign.models.loading import load_timm
from repalign.models.weight_files import Weights
from repalign.scripting import run, script_parser
from repalign.tables.laion_layout import UNIT_NORM, WIDTHS
from repalign.tables.provenance import Record, encode, make_record, versions_of


def main(options: argparse.Namespace) -> None:
    names = read_metadata(options.metadata)["image_name"].tolist()
    pictures = open_laion(options.pictures, names, alpha=options.alpha)
    record = make_record(options.spec)
    if options.backend == "projection":
        embed = projection(options.label, WIDTHS[options.label])
        facts = {"backend": PROJECTION, "versions": encode(versions_of(("pillow",)))}
        write(options, pictures, embed, facts, record)
    else:
        with_model(options, pictures, record)
    log_changes(pictures)


def with_model(options: argparse.Namespace, pictures: LaionPictures, record: Record) -> None:
    """Embed with a vision model."""
    folder = str(options.model_folder[0]) if options.model_folder else ""
    source = "local-dir" if folder else "hub"
    with running(options.device, options.model_threads):
        loaded = load_timm(
            options.model_id, Weights(source, folder, options.revision, options.sha256)
        )
        preparation = Preparation(
            options.size,
            options.resize,
            options.interpolation,
            tuple(loaded.data_config["mean"]),
            tuple(loaded.data_config["std"]),
        )
        loaded.module.to(options.device)
        facts = {
            "backend": "timm",
            "model_id": options.model_id,
            "revision": loaded.revision,
            "weights_digest": loaded.digest,
            "pool": options.pool,
            "size": options.size,
            "resize": options.resize,
            "interpolation": options.interpolation,
            "mean": encode({"mean": preparation.mean}),
            "std": encode({"std": preparation.std}),
            "precision": "float32",
            "device": options.device,
            "threads": options.model_threads,
            "versions": encode(versions_of(VERSIONS["vision"])),
        }
        embed = timm_embedder(loaded, preparation, options.pool)
        write(options, pictures, embed, facts, record)


def write(
    options: argparse.Namespace,
    pictures: LaionPictures,
    embed: Any,  # noqa: ANN401
    facts: dict[str, Any],
    record: Record,
) -> None:
    """Make the file, which says how."""
    unit_norm = UNIT_NORM[options.label]
    make_embeddings(
        options.output,
        pictures,
        embed,
        {
            "label": options.label,
            "alpha": options.alpha,
            "normalised": "L2" if unit_norm else "no",
            "batch_size": options.batch_size,
            **facts,
        },
        record,
        width=WIDTHS[options.label],
        unit_norm=unit_norm,
        batch_size=options.batch_size,
    )


def parser() -> argparse.ArgumentParser:
    options = script_parser(
        __doc__, "batch-size", "device", "model-id", "model-folder", "revision"
    )
    add = options.add_argument
    add("--pictures", type=Path, required=True, help="task-images_stimuli.h5")
    add("--metadata", type=Path, required=True, help="task-images_metadata.csv")
    add("--label", choices=list(WIDTHS), required=True, help="which embedding")
    add("--backend", choices=["timm", "projection"], required=True, help="what makes it")
    add("--alpha", choices=["composite", "drop"], required=True, help="transparent pictures")
    add("--sha256", required=True, help="digest of the weight file; empty for any")
    add("--pool", choices=["output", "patches", "normed_patches"], required=True)
    add("--size", type=int, required=True, help="width and height of the model's input")
    add("--resize", choices=["shortest", "squash"], required=True, help="how it is reached")
    add("--interpolation", choices=["bicubic", "bilinear"], required=True)
    add("--model-threads", type=int, required=True, help="threads that the model runs with")
    return options


if __name__ == "__main__":
    run(main, parser())
