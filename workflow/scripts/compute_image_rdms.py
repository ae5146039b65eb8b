"""RDM vectors of all regions of a subject on shared images."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.alignment.rdm_sets import write_rdm_set
from repalign.alignment.subsets import shared_trials
from repalign.alignment.vectors import VectorMaker, different_stimuli
from repalign.options import RDM_OPTIONS
from repalign.scripting import run, script_parser
from repalign.tables.atomic import atomic_folder
from repalign.tables.prepared import read_regions, read_trials_table, roi_groups
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    groups = roi_groups(read_regions(options.regions), joined=options.hemispheres == "joined")
    trials = read_trials_table(options.trials)
    keys, rows, images = shared_trials(
        trials,
        options.subject,
        options.repetitions,
        options.trial_mode,
        options.subset[0] if options.subset else None,
    )
    keep = (
        different_stimuli(keys // options.repetitions) if options.drop_same_image_pairs else None
    )
    with atomic_folder(options.output) as folder:
        write_rdm_set(
            folder,
            options.responses,
            groups,
            keys,
            rows,
            VectorMaker("rdm", options.clip_quantile, keep, images),
            min_trials=options.min_trials,
            memory_mb=options.memory_mb,
        )
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, *RDM_OPTIONS)
    options.add_argument(
        "--trial-mode", choices=["mean", "first", "all"], required=True, help="what is a row"
    )
    options.add_argument(
        "--subset", type=Path, nargs="*", default=[], help="stimuli that take part; none: all"
    )
    return options


if __name__ == "__main__":
    run(main, parser())
