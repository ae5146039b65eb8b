"""Rank-transform RDM vectors, so that their products are Spearman correlations."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.alignment.vectors import different_stimuli, rank_vector
from repalign.scripting import run, script_parser
from repalign.tables.atomic import atomic_folder
from repalign.tables.progress import progress
from repalign.tables.provenance import make_record, write_sidecar
from repalign.tables.rdm_store import RdmReader, write_rdms


def main(options: argparse.Namespace) -> None:
    rdms = RdmReader(options.rdms)
    stimuli = rdms.keys // options.repetitions
    keep = different_stimuli(stimuli) if options.drop_same_image_pairs else None
    with (
        atomic_folder(options.output) as folder,
        write_rdms(folder, rdms.rois.tolist(), rdms.keys) as writer,
    ):
        for vector in progress(rdms.vectors(), "ranks", total=len(rdms.rois)):
            writer.append(rank_vector(vector, options.ties, keep))
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "repetitions", "drop-same-image-pairs")
    options.add_argument("--rdms", type=Path, required=True, help="folder of RDM vectors")
    options.add_argument("--ties", choices=["average", "ordinal"], default="average")
    return options


if __name__ == "__main__":
    run(main, parser())
