"""RDM vectors of all regions of one subject, on the trials that it shares with a partner."""

from __future__ import annotations

import argparse

from repalign.alignment.rdm_sets import write_rdm_set
from repalign.alignment.subsets import check_count, matched_trials
from repalign.alignment.vectors import VectorMaker, different_stimuli
from repalign.options import RDM_OPTIONS
from repalign.scripting import run, script_parser
from repalign.tables.atomic import atomic_folder
from repalign.tables.prepared import read_regions, read_trials_table, roi_groups
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    groups = roi_groups(read_regions(options.regions), joined=options.hemispheres == "joined")
    keys, rows = matched_trials(
        read_trials_table(options.trials),
        options.subject,
        options.partner,
        options.shift,
        options.role,
        options.repetitions,
        options.subset,
    )
    check_count(len(keys), options.max_trials, str(options.output))
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
            VectorMaker(options.measure, options.clip_quantile, keep),
            min_trials=options.min_trials,
            memory_mb=options.memory_mb,
        )
    write_sidecar(options.output, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, *RDM_OPTIONS, "shift", "measure", "max-trials", "subset")
    options.add_argument("--partner", type=int, required=True, help="subject to match with")
    options.add_argument("--role", choices=["x", "y"], required=True, help="x: i, y: j of (i, j)")
    return options


if __name__ == "__main__":
    run(main, parser())
