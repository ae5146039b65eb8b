"""Partial RSA of the regions of a subject with the layers of a model, one control at a time."""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

import numpy as np

from repalign.alignment.partial import (
    DISTANCE,
    UNCONTROLLED,
    compare_with_controls,
    control_vectors,
    hold_constant,
)
from repalign.alignment.sessions import layer_vectors
from repalign.alignment.vectors import VectorMaker, different_stimuli
from repalign.models.controls import read_controls
from repalign.models.features import open_features
from repalign.models.identity import FeatureIdentity
from repalign.scripting import run, script_parser
from repalign.tables.alignment_tables import RSA_SUBJECT_MODEL_PARTIAL
from repalign.tables.columns import table_of
from repalign.tables.parquet import parquet_writer
from repalign.tables.provenance import make_record
from repalign.tables.rdm_store import RdmReader


def main(options: argparse.Namespace) -> None:
    rdms = RdmReader(options.rdms)
    stimuli = rdms.keys // options.repetitions
    expected = FeatureIdentity.of(options.model, options.dataset)
    features = open_features(options.features, bool(options.assume_row_order), expected)
    controls = read_controls(options.controls, options.control_id)
    keep = different_stimuli(stimuli) if options.drop_same_image_pairs else None
    enough = len(stimuli) >= options.min_trials
    layers = layer_vectors(
        features, stimuli, VectorMaker("rdm", options.clip_quantile, keep), enough=enough
    )
    similarities = compare_with_controls(rdms, layers, control_vectors(controls, stimuli, keep))
    keys = np.array(list(product(rdms.rois, range(features.n_layers))), dtype=np.uint16)
    with parquet_writer(
        options.output, RSA_SUBJECT_MODEL_PARTIAL, make_record(options.spec)
    ) as writer:
        for name, similarity in hold_constant(*similarities, options.control_names):
            columns = {
                "roi": keys[:, 0],
                "layer": keys[:, 1],
                "similarity": similarity.astype(np.float32).ravel(),
                "subject": options.subject,
                "model": options.model,
                "join_hemispheres": options.hemispheres == "joined",
                "control": name,
                "distance": UNCONTROLLED if name == UNCONTROLLED else DISTANCE,
            }
            writer.write_table(table_of(RSA_SUBJECT_MODEL_PARTIAL, columns))


def parser() -> argparse.ArgumentParser:
    options = script_parser(
        __doc__,
        "features",
        "model",
        "dataset",
        "controls",
        "control-id",
        "control-names",
        "subject",
        "repetitions",
        "hemispheres",
        "clip-quantile",
        "min-trials",
        "drop-same-image-pairs",
        "assume-row-order",
    )
    options.add_argument("--rdms", type=Path, required=True, help="RDMs on controlled trials")
    return options


if __name__ == "__main__":
    run(main, parser())
