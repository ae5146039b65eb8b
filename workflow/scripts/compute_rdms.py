"""RDM vectors of all regions of one subject, on the trials that it shares with a partner."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import numpy as np

from repalign.datasets.matching import trial_set
from repalign.datasets.response_folder import read_trials
from repalign.errors import RepalignError
from repalign.kernels.rdm import n_pairs, rdm_vector
from repalign.scripting import run, script_parser
from repalign.tables.atomic import atomic_folder
from repalign.tables.prepared import read_regions, read_trials_table, roi_groups
from repalign.tables.progress import progress
from repalign.tables.provenance import make_record, write_sidecar
from repalign.tables.rdm_store import write_rdms

log = logging.getLogger("repalign")


def main(options: argparse.Namespace) -> None:
    trials = read_trials_table(options.trials)
    keys, rows = trial_set(
        trials,
        options.subject,
        options.partner,
        options.shift,
        options.role,
        options.repetitions,
    )
    groups = roi_groups(read_regions(options.regions), joined=options.hemispheres == "joined")
    log.info("subject %d: %d trials, %d regions", options.subject, len(keys), len(groups))
    enough = len(keys) >= options.min_trials
    if not enough:
        log.warning(
            "%d matched trials, fewer than rsa.min_trials = %d: all similarities are NaN",
            len(keys),
            options.min_trials,
        )
    vector = np.full(n_pairs(len(keys)), np.nan, dtype=np.float32)
    with (
        atomic_folder(options.output) as folder,
        write_rdms(folder, list(groups), keys) as writer,
    ):
        for roi, columns in progress(groups.items(), "RDMs", total=len(groups)):
            if enough:
                patterns = read_trials(options.responses, columns, rows)
                check_memory(patterns.shape, options.memory_mb, options.responses, roi)
                rdm_vector(patterns, options.clip_quantile or None, out=vector)
                if np.isnan(vector[:1]).any():
                    log.warning("region %d of subject %d: no RDM", roi, options.subject)
            writer.append(vector)
    write_sidecar(options.output, make_record(options.spec))


def check_memory(shape: tuple[int, ...], limit_mb: int, where: Path, roi: int) -> None:
    """Refuse a region whose RDM needs more memory than a job may use."""
    n_trials, n_voxels = shape
    # Patterns as read and as float32, the product, the vector and the quantile's sample.
    needed_mb = (n_trials * n_voxels * (2 + 4 + 4) + n_trials**2 * 4 * 1.5) / 2**20
    if needed_mb > limit_mb:
        raise RepalignError(
            f"{n_trials} trials x {n_voxels} voxels, which needs {needed_mb:.0f} MiB",
            where=f"{where}, region {roi}",
            expected=f"at most resources.memory_mb = {limit_mb} MiB",
            remedy="Raise resources.memory_mb in config/config.yaml.",
        )


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    options.add_argument("--responses", type=Path, required=True, help="folder of the subject")
    options.add_argument("--trials", type=Path, required=True, help="trials.parquet")
    options.add_argument("--regions", type=Path, required=True, help="regions.tsv")
    options.add_argument("--subject", type=int, required=True)
    options.add_argument("--partner", type=int, required=True, help="subject to match with")
    options.add_argument("--role", choices=["x", "y"], required=True, help="x: i, y: j of (i, j)")
    options.add_argument("--shift", type=int, required=True, help="shift of the repetitions")
    options.add_argument("--repetitions", type=int, default=3, help="planned showings")
    options.add_argument("--hemispheres", choices=["joined", "separated"], required=True)
    options.add_argument("--clip-quantile", type=float, default=0.003)
    options.add_argument("--min-trials", type=int, default=3)
    options.add_argument("--memory-mb", type=int, default=4096, help="memory that may be used")
    return options


if __name__ == "__main__":
    run(main, parser())
