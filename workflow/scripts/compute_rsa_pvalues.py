"""P-values of inter-subject and brain-model similarity, from their permutation nulls."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from repalign.alignment.observed import inter_subject_means, model_means
from repalign.kernels.pvalues import apa_star, benjamini_hochberg, permutation_pvalues
from repalign.scripting import run, script_parser
from repalign.tables.alignment_tables import RSA_PVALUES
from repalign.tables.columns import table_of
from repalign.tables.parquet import parquet_writer
from repalign.tables.prepared import read_regions, region_labels
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    labels = region_labels(read_regions(options.regions), joined=True)
    rois = labels.index.tolist()
    language, vision = model_means(options.subject_model, rois)
    between = inter_subject_means(options.subject_subject, rois)
    tests = [
        ("intersubject", between, options.null_subject),
        *(("language", language, path) for path in options.null_language),
        *(("vision", vision, path) for path in options.null_vision),
    ]
    with parquet_writer(options.output, RSA_PVALUES, make_record(options.spec)) as writer:
        for name, observed, path in tests:
            null = np.load(path, mmap_mode="r", allow_pickle=False)
            test = permutation_pvalues(observed, np.asarray(null, dtype=np.float64))
            corrected = benjamini_hochberg(test.p)
            columns = {
                "roi": np.asarray(rois, dtype=np.uint16),
                "name": labels["name"].to_numpy(dtype=object),
                "comparison": name,
                "observed": observed,
                "null_mean": test.mean,
                "null_std": test.sd,
                "pvalue": test.p,
                "pvalue_fdr_bh": corrected,
                "apa_star": np.array([apa_star(p) for p in corrected], dtype=object),
                "mne_name": labels["mne_name"].to_numpy(dtype=object),
            }
            writer.write_table(table_of(RSA_PVALUES, columns))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "regions")
    options.add_argument("--subject-subject", type=Path, required=True, help="table, shift 1")
    options.add_argument("--subject-model", type=Path, required=True, help="table, joined")
    options.add_argument("--null-subject", type=Path, required=True, help="inter-subject null")
    for modality in ("language", "vision"):
        options.add_argument(
            f"--null-{modality}",
            type=Path,
            nargs="*",
            default=[],
            help=f"null of {modality} models; none: these are not tested",
        )
    return options


if __name__ == "__main__":
    run(main, parser())
