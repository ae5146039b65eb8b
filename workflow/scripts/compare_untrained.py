"""Unbiased CKA of the regions of a subject with the layers of an untrained model, by session."""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

import numpy as np

from repalign.alignment.device import check_device
from repalign.alignment.sessions import compare_sessions, open_sessions
from repalign.alignment.vectors import VectorMaker
from repalign.models.features import open_features
from repalign.models.identity import FeatureIdentity
from repalign.scripting import run, script_parser
from repalign.tables.alignment_tables import CKA_UNTRAINED_SEEDS
from repalign.tables.columns import table_of
from repalign.tables.parquet import write_table
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    check_device(options.device)
    sessions = open_sessions(options.grams)
    expected = FeatureIdentity.of(options.model, options.dataset, options.seed)
    with open_features(options.features, expected=expected) as features:
        score = compare_sessions(
            sessions,
            features,
            # Features are neither clipped nor scaled, as published.
            lambda _: VectorMaker("gram", clip_quantile=0),
            n_repetitions=options.repetitions,
            min_trials=options.min_trials,
            device=options.device,
        )
        n_layers, modality = features.n_layers, features.modality
    rois = next(iter(sessions.values())).rois
    keys = np.array(list(product(rois, range(n_layers), sessions)), dtype=np.uint16)
    n_trials = np.array([len(grams.keys) for grams in sessions.values()], dtype=np.uint16)
    table = table_of(
        CKA_UNTRAINED_SEEDS,
        {
            "layer": keys[:, 1],
            "metric": "unbiased_cka",
            "score": score.ravel(),
            "n_stim": np.tile(n_trials, len(keys) // len(n_trials)),
            "roi": keys[:, 0],
            "subject": options.subject,
            "session": keys[:, 2],
            "model": options.model,
            "modality": modality,
            "seed": options.seed,
        },
    )
    write_table(options.output, table, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(
        __doc__, "features", "model", "dataset", "subject", "repetitions", "min-trials", "device"
    )
    options.add_argument("--grams", type=Path, required=True, help="session Gram vectors")
    options.add_argument("--seed", type=int, required=True, help="seed of the random weights")
    return options


if __name__ == "__main__":
    run(main, parser())
