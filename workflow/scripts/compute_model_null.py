"""Permutation null of the signed maximum over the layers of a model, averaged over sessions."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from repalign.alignment.device import check_device
from repalign.alignment.null_options import draws_of, write_null
from repalign.alignment.nulls import session_null
from repalign.alignment.sessions import layer_vectors, open_sessions
from repalign.alignment.vectors import VectorMaker, different_stimuli
from repalign.models.features import open_features
from repalign.models.identity import FeatureIdentity
from repalign.scripting import run, script_parser
from repalign.tables.progress import progress


def main(options: argparse.Namespace) -> None:
    check_device(options.device)
    sessions = open_sessions(options.rdms)
    expected = FeatureIdentity.of(options.model, options.dataset)
    features = open_features(options.features, bool(options.assume_row_order), expected)
    draws = draws_of(options, max(len(rdms.keys) for rdms in sessions.values()))
    total = np.zeros((draws.count, len(next(iter(sessions.values())).rois)))
    for rdms in progress(sessions.values(), "sessions", total=len(sessions)):
        stimuli = rdms.keys // options.repetitions
        keep = different_stimuli(stimuli) if options.drop_same_image_pairs else None
        make = VectorMaker("rdm", options.clip_quantile, keep)
        enough = len(stimuli) >= options.min_trials
        layers = layer_vectors(features, stimuli, make, enough=enough)
        total += session_null(np.stack(list(rdms.vectors())), layers, rdms.keys, draws)
    write_null(options.output, total / len(sessions), options.spec)


def parser() -> argparse.ArgumentParser:
    options = script_parser(
        __doc__,
        "features",
        "model",
        "dataset",
        "subject",
        "repetitions",
        "hemispheres",
        "clip-quantile",
        "min-trials",
        "drop-same-image-pairs",
        "assume-row-order",
        "permutations",
        "seed",
        "scheme",
        "unit",
        "n-images",
        "device",
    )
    options.add_argument("--rdms", type=Path, required=True, help="session RDMs of the subject")
    return options


if __name__ == "__main__":
    run(main, parser())
