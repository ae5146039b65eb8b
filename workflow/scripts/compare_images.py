"""RSA of a subject's mean responses to images: with other subjects, models and itself."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from repalign.alignment.device import check_device
from repalign.alignment.draws import Draws
from repalign.alignment.images import (
    METRICS,
    compare_with_p,
    pairwise_with_p,
    rdm_ceilings,
    same_images,
    scaled,
    split_half_reliability,
)
from repalign.alignment.sessions import layer_vectors
from repalign.alignment.subsets import shared_trials
from repalign.alignment.vectors import VectorMaker
from repalign.kernels.pvalues import benjamini_hochberg
from repalign.models.feature_sets import open_feature_sets
from repalign.scripting import run, script_parser
from repalign.tables.alignment_tables import RSA_IMAGES
from repalign.tables.columns import table_of
from repalign.tables.parquet import parquet_writer
from repalign.tables.paths import subject_label
from repalign.tables.prepared import read_regions, read_trials_table, region_labels, roi_groups
from repalign.tables.provenance import make_record
from repalign.tables.rdm_store import RdmReader

Vectors = npt.NDArray[np.float32]
Compared = tuple[str, str, int, npt.NDArray[np.float64], npt.NDArray[np.float64]]


def main(options: argparse.Namespace) -> None:
    check_device(options.device)
    joined = options.hemispheres == "joined"
    regions = read_regions(options.regions)
    groups = roi_groups(regions, joined=joined)
    paths = dict(zip(options.subjects, options.rdms, strict=True))
    rdms = {subject: RdmReader(path) for subject, path in paths.items()}
    images = same_images(rdms, options.repetitions)
    layers = list(_layers(options, images))
    draws = _draws(options, len(images))
    rows = shared_trials(
        read_trials_table(options.trials),
        options.subject,
        options.repetitions,
        "mean",
        options.subset[0] if options.subset else None,
    )
    shown = rows.images if rows.images is not None else rows.keys // options.repetitions
    own = np.stack(list(rdms[options.subject].vectors()))
    common = {
        "subject": options.subject,
        "roi": np.array(list(groups), dtype=np.uint16),
        "name": region_labels(regions, joined=joined)["name"].to_numpy(dtype=object),
        "images": options.image_set,
        "n_images": len(images),
        "join_hemispheres": joined,
    }
    with parquet_writer(options.output, RSA_IMAGES, make_record(options.spec)) as writer:
        for metric in METRICS:
            reliability, n_voxels = split_half_reliability(
                options.responses,
                groups,
                rows.rows,
                shown,
                metric,
                clip_quantile=options.clip_quantile,
                n_splits=options.split_halves,
                seed=options.seed,
            )
            found = rdm_ceilings(rdms, options.subject, reliability, metric)
            ceilings = {
                "metric": metric,
                "n_voxels": n_voxels.astype(np.uint32),
                "reliability": found.reliability,
                "lower_bound": found.lower,
                "upper_bound": found.upper,
            }
            x = scaled(own, metric, options.ties)
            for compared in _compared(options, rdms, layers, x, metric, draws):
                writer.write_table(_table({**common, **ceilings}, compared))


def _compared(
    options: argparse.Namespace,
    rdms: dict[int, RdmReader],
    layers: list[tuple[str, Vectors]],
    x: Vectors,
    metric: str,
    draws: Draws,
) -> Iterator[Compared]:
    """Yield kind, name, layer, similarities (n_rois,) and p-values of all that is compared."""
    for other, reader in rdms.items():
        if other != options.subject:
            y = scaled(np.stack(list(reader.vectors())), metric, options.ties)
            yield "subject", f"sub-{subject_label(other)}", 0, *pairwise_with_p(x, y, draws)
    for model, vectors in layers:
        values, p = compare_with_p(x, scaled(vectors, metric, options.ties), draws)
        for layer in range(len(vectors)):
            yield "model", model, layer, values[:, layer], p[:, layer]


def _table(common: dict[str, Any], compared: Compared) -> pa.Table:
    kind, other, layer, values, p = compared
    return table_of(
        RSA_IMAGES,
        {
            **common,
            "kind": kind,
            "other": other,
            "layer": layer,
            "value": values,
            "p": p,
            "p_fdr_bh": benjamini_hochberg(p),
        },
    )


def _layers(
    options: argparse.Namespace, images: npt.NDArray[np.int64]
) -> Iterator[tuple[str, Vectors]]:
    """Yield the RDM vectors of all layers of each model."""
    make = VectorMaker("rdm", options.clip_quantile)
    enough = len(images) >= options.min_trials
    with open_feature_sets(
        options.models,
        [*options.features, *options.supplied_features],
        dataset=options.dataset,
        assume_row_order=bool(options.assume_row_order),
    ) as found:
        for model, features in found.items():
            yield model, layer_vectors(features, images, make, enough=enough)


def _draws(options: argparse.Namespace, n_images: int) -> Draws:
    """Return the permutations: of images, which are what RDMs are of here."""
    return Draws(
        options.scheme, "trial", options.seed, options.permutations, n_images, 1, options.device
    )


def parser() -> argparse.ArgumentParser:
    options = script_parser(
        __doc__,
        "responses",
        "trials",
        "regions",
        "subject",
        "subjects",
        "repetitions",
        "hemispheres",
        "clip-quantile",
        "min-trials",
        "dataset",
        "assume-row-order",
        "image-set",
        "permutations",
        "seed",
        "scheme",
        "device",
    )
    add = options.add_argument
    add("--subset", type=Path, nargs="*", default=[], help="images that take part; none: all")
    add("--rdms", type=Path, nargs="+", required=True, help="image RDMs of all subjects, in order")
    add("--features", type=Path, nargs="*", required=True, help="features of models")
    add("--supplied-features", type=Path, nargs="*", required=True, help="those of a user")
    add("--models", nargs="*", required=True, help="names of all models, in order")
    add("--split-halves", type=int, required=True, help="random halves of the repetitions")
    add("--ties", choices=["average", "ordinal"], required=True, help="ranks of equal distances")
    return options


if __name__ == "__main__":
    run(main, parser())
