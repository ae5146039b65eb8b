"""The statistics that are tested: means over pairs, and signed maxima over layers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from repalign.kernels.aggregates import nested_mean, signed_extreme
from repalign.models.modality import modality_of

Means = npt.NDArray[np.float64]


def inter_subject_means(path: str | Path, rois: Sequence[int]) -> Means:
    """Return the mean similarity of a region with itself over ordered pairs i != j.

    Parameters
    ----------
    path : str or Path
        Inter-subject RSA table.
    rois : sequence of int
        Region ids, ascending.

    Returns
    -------
    ndarray of float64, shape (n_rois,)
        NaN where no pair is defined.
    """
    index = {roi: k for k, roi in enumerate(rois)}
    total, count = np.zeros(len(rois)), np.zeros(len(rois))
    file = pq.ParquetFile(path)
    for group in range(file.num_row_groups):
        table = file.read_row_group(group)
        column = {name: table.column(name).to_numpy() for name in table.column_names}
        chosen = (column["roi_x"] == column["roi_y"]) & (
            column["subject_i"] != column["subject_j"]
        )
        values = column["similarity"][chosen].astype(np.float64)
        places = np.array([index[int(roi)] for roi in column["roi_x"][chosen]], dtype=np.intp)
        known = ~np.isnan(values)
        np.add.at(total, places[known], values[known])
        np.add.at(count, places[known], 1)
    means: Means = np.divide(total, count, out=np.full(len(rois), np.nan), where=count > 0)
    return means


def model_means(path: str | Path, rois: Sequence[int]) -> tuple[Means, Means]:
    """Return the nested means of the signed maxima over layers, for language and for vision.

    Over layers the signed value of the largest absolute value; then the mean over sessions
    within (region, subject, model), over subjects, over models.

    Parameters
    ----------
    path : str or Path
        Subject-model RSA table; each row group is one model and subject, with a row for every
        region, layer and session in whatever order.
    rois : sequence of int
        Region ids, ascending.

    Returns
    -------
    language, vision : ndarray of float64, shape (n_rois,)
        NaN where the table has no model of that modality.
    """
    records: dict[str, list[Means]] = defaultdict(list)
    models: dict[str, list[str]] = defaultdict(list)
    subjects: dict[str, list[int]] = defaultdict(list)
    file = pq.ParquetFile(path)
    for group in range(file.num_row_groups):
        table = file.read_row_group(group)
        model = str(table.column("model")[0].as_py())
        subject = int(table.column("subject")[0].as_py())
        keys = [table.column(name).to_numpy() for name in ("session", "layer", "roi")]
        n_sessions = len(np.unique(keys[0]))
        values = table.column("similarity").to_numpy().astype(np.float64)[np.lexsort(keys)]
        extreme = signed_extreme(values.reshape(len(rois), -1, n_sessions), axis=1)
        modality = modality_of(model)
        for session in range(n_sessions):
            records[modality].append(extreme[:, session])
            models[modality].append(model)
            subjects[modality].append(subject)
    means = []
    for modality in ("language", "vision"):
        if records[modality]:
            levels = (np.array(models[modality]), np.array(subjects[modality]))
            means.append(nested_mean(np.stack(records[modality]), *levels))
        else:
            means.append(np.full(len(rois), np.nan))
    return means[0], means[1]
