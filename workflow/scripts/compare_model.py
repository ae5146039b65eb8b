"""RSA of the regions of a subject with the layers of a model, session by session."""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt

from repalign.alignment.device import check_device
from repalign.alignment.sessions import compare_sessions, open_sessions
from repalign.alignment.vectors import VectorMaker, different_stimuli
from repalign.models.features import open_features
from repalign.models.identity import FeatureIdentity
from repalign.scripting import run, script_parser
from repalign.tables.alignment_tables import RSA_SUBJECT_MODEL
from repalign.tables.columns import table_of
from repalign.tables.parquet import write_table
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    check_device(options.device)
    sessions = open_sessions(options.rdms)
    expected = FeatureIdentity.of(options.model, options.dataset)
    features = open_features(options.features, bool(options.assume_row_order), expected)

    def maker(stimuli: npt.NDArray[np.int64]) -> VectorMaker:
        keep = different_stimuli(stimuli) if options.drop_same_image_pairs else None
        return VectorMaker("rdm", options.clip_quantile, keep)

    similarity = compare_sessions(
        sessions,
        features,
        maker,
        n_repetitions=options.repetitions,
        min_trials=options.min_trials,
        device=options.device,
    )
    rois = next(iter(sessions.values())).rois
    keys = np.array(list(product(rois, range(features.n_layers), sessions)), dtype=np.uint16)
    table = table_of(
        RSA_SUBJECT_MODEL,
        {
            "roi": keys[:, 0],
            "layer": keys[:, 1],
            "session": keys[:, 2],
            "similarity": similarity.ravel(),
            "subject": options.subject,
            "model": options.model,
            "join_hemispheres": options.hemispheres == "joined",
        },
    )
    write_table(options.output, table, make_record(options.spec))


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
        "device",
    )
    options.add_argument("--rdms", type=Path, required=True, help="session RDMs of the subject")
    return options


if __name__ == "__main__":
    run(main, parser())
