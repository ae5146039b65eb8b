"""Join the comparisons of all untrained models, seeds and subjects into the published table."""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

from repalign.models.modality import modality_of
from repalign.scripting import run, script_parser
from repalign.tables.alignment_tables import CKA_UNTRAINED, CKA_UNTRAINED_SEEDS
from repalign.tables.columns import Part, join_tables
from repalign.tables.prepared import read_regions, roi_groups
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    rois = list(roi_groups(read_regions(options.regions), joined=options.hemispheres == "joined"))
    n_sessions = dict(zip(options.subjects, options.sessions, strict=True))
    keys = product(options.models, options.seeds, options.subjects)
    parts = [
        Part(
            path,
            {
                "model": model,
                "modality": modality_of(model),
                "seed": seed,
                "subject": subject,
                "roi": rois,
                "session": list(range(1, n_sessions[subject] + 1)),
            },
            multiple_of=len(rois) * n_sessions[subject],
        )
        for path, (model, seed, subject) in zip(options.parts, keys, strict=True)
    ]
    schema = CKA_UNTRAINED_SEEDS if len(options.seeds) > 1 else CKA_UNTRAINED
    join_tables(parts, options.output, schema, make_record(options.spec), CKA_UNTRAINED_SEEDS)


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "regions", "subjects", "hemispheres")
    options.add_argument(
        "--parts", type=Path, nargs="+", required=True, help="by model, seed and subject"
    )
    options.add_argument("--models", nargs="+", required=True, help="names, in order")
    options.add_argument("--seeds", type=int, nargs="+", required=True, help="in order")
    options.add_argument("--sessions", type=int, nargs="+", required=True, help="of each subject")
    return options


if __name__ == "__main__":
    run(main, parser())
