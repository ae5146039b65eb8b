"""What was kept, what was left out and why: the numbers of `curation.json` and of its figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from repalign.datasets.coco_labels import WRONG_PICTURES
from repalign.datasets.curated_facts import check_equal_numbers
from repalign.datasets.curation import COLUMN_OF, Level
from repalign.datasets.mask_files import read_mask
from repalign.datasets.response_folder import open_npy
from repalign.errors import RepalignError
from repalign.tables.curated_tables import FATES

Report = dict[str, Any]
_AGAIN = "Delete it and run the workflow again."


def curation_report(
    trials: pa.Table,
    matrices: Mapping[int, str | Path],
    labels: Mapping[int, str | Path],
    mask_path: str | Path,
    parameters: Mapping[str, Any],
) -> Report:
    """Count what the curated set holds.

    Parameters
    ----------
    trials : pyarrow.Table
        Columns of `CURATED_TRIALS`.
    matrices : mapping of int to str or Path
        `sub-XX_betas.npy` by subject.
    labels : mapping of int to str or Path
        `sub-XX_labels.npy` by subject.
    mask_path : str or Path
        The grey-matter mask.
    parameters : mapping
        The choices that made the set.

    Returns
    -------
    dict
        `warnings`, `parameters`, `mask`, `max_trials`, `max_unknown`, `n_keep` (None if subjects
        differ), and by subject: fate of trials, images, classes, columns.

    Raises
    ------
    RepalignError
        If a matrix or labels are not those of the kept trials, or equal numbers were wanted and
        are not there.
    """
    level: Level = parameters["label_level"]
    frame = trials.to_pandas()
    mask, grid = read_mask(mask_path)
    subjects: dict[str, Report] = {}
    for subject, path in matrices.items():
        own = frame[frame["subject"] == subject]
        kept = own[own["keep"]]
        matrix = open_npy(Path(path), _AGAIN)
        if matrix.shape[0] != len(kept):
            rows = f"{len(kept)}, a row for every kept trial of subject {subject}"
            raise RepalignError(
                f"{matrix.shape[0]} rows", where=path, expected=rows, remedy=_AGAIN
            )
        names = kept[COLUMN_OF[level]].astype(str).to_numpy(object)
        _check_labels(labels[subject], names)
        reasons = own["drop_reason"].astype(str).value_counts()
        classes = Counter(names.tolist())
        subjects[f"{subject:02d}"] = {
            "n_keep": len(kept),
            **{reason: int(reasons.get(reason, 0)) for reason in FATES[1:]},
            "images": int(kept["nsd_id"].nunique()),
            "runs": int(kept["run"].nunique()),
            "sessions": int(kept["session"].nunique()),
            "voxels": int(matrix.shape[1]),
            "classes": {name: classes[name] for name in sorted(classes)},
        }
    limits = {len(own) - int((own["drop_reason"] == FATES[1]).sum())
              for _, own in frame.groupby("subject")}  # fmt: skip
    (limit,) = limits
    if parameters["equalise_by"] == "class":
        check_equal_numbers(
            {int(s): r["n_keep"] for s, r in subjects.items()},
            {int(s): sum(r[reason] for reason in FATES[2:]) for s, r in subjects.items()},
            limit,
        )
    numbers = {report["n_keep"] for report in subjects.values()}
    warnings = [WRONG_PICTURES] if parameters["id_lookup"] == "list_position" else []
    return {
        "warnings": warnings,
        "parameters": dict(parameters),
        "mask": {
            "shape": list(mask.shape),
            "affine": np.round(grid.affine, 4).tolist(),
            "voxels": int(np.count_nonzero(mask)),
        },
        "max_trials": limit,
        "max_unknown": max(r["unknown_label"] + r["not_acquired"] for r in subjects.values()),
        "n_keep": numbers.pop() if len(numbers) == 1 else None,
        "subjects": subjects,
    }


def _check_labels(path: str | Path, wanted: npt.NDArray[np.object_]) -> None:
    """Refuse a file of labels that are not those of the kept trials, row by row."""
    found = np.load(path, allow_pickle=False)
    if found.shape != wanted.shape or found.dtype.kind != "U" or (found != wanted).any():
        raise RepalignError(
            f"{found.size} labels of {found.dtype}, not those of the kept trials",
            where=path,
            expected=f"the {wanted.size} labels of trials.parquet, as text of one width",
            remedy=_AGAIN,
        )


def class_names(report: Report) -> Sequence[str]:
    """Return all classes of a report, the most frequent over all subjects first."""
    totals: dict[str, int] = {}
    for own in report["subjects"].values():
        for name, n_trials in own["classes"].items():
            totals[name] = totals.get(name, 0) + n_trials
    return sorted(totals, key=lambda name: (-totals[name], name))
