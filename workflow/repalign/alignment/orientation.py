"""Signs of shared components: what CCA leaves open, settled by what is known of the images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.errors import RepalignError
from repalign.models.annotations import scene_level
from repalign.models.kmcca_tables import ANNOTATIONS, COMPONENTS
from repalign.tables.hubs import HUBS, ROIS, hub_of
from repalign.tables.parquet import read_table

Ids = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

UNCORRELATED = 1e-9
"""A correlation below this says nothing about a sign."""


def read_oriented(
    components: str | Path, annotations: str | Path
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read shared components with their final signs, and what is known of their images.

    Parameters
    ----------
    components, annotations : str or Path
        Tables with the columns of `COMPONENTS` and `ANNOTATIONS`.

    Returns
    -------
    components : DataFrame
        As returned by `oriented`.
    annotations : DataFrame
        A row an image.

    Raises
    ------
    RepalignError
        If a table cannot be read, or an image is not annotated.
    """
    rows = read_table(components, COMPONENTS).to_pandas()
    known = read_table(annotations, ANNOTATIONS).to_pandas()
    unknown = np.setdiff1d(rows["nsd_id"], known["nsd_id"])
    if unknown.size:
        raise RepalignError(
            f"no row for nsd_id {unknown[0]} ({unknown.size} are missing)",
            where=annotations,
            expected="every image that components are made from",
            remedy="Delete the file and run the workflow again.",
        )
    level = scene_level(known["scene_dominated2"].to_numpy())
    return oriented(rows, known["nsd_id"].to_numpy(dtype=np.int64), level), known


def oriented(components: pd.DataFrame, ids: Ids, level: Float64) -> pd.DataFrame:
    """Choose the signs of components.

    Parameters
    ----------
    components : DataFrame
        roi, component, nsd_id and score, as in `repalign.models.kmcca_tables.COMPONENTS`.
    ids : ndarray of int64, shape (n,)
        nsd_id of images.
    level : ndarray of float64, shape (n,)
        How much the scene dominates each; NaN where that is unknown.

    Returns
    -------
    DataFrame
        Index roi (in the order of `ROIS`) and nsd_id (ascending), a column a component, from 1.
        Components of hubs correlate positively with `level`, those of an area with the same
        component of its hub. Where that correlation is 0 or undefined the sign stays.
    """
    levels = pd.Series(level, index=ids, dtype=float).dropna()
    by_roi = {
        str(roi): rows.set_index(["nsd_id", "component"])["score"].unstack("component")  # noqa: PD010
        for roi, rows in components.groupby("roi", observed=True)
    }
    signed: dict[str, pd.DataFrame] = {}
    for roi in sorted(by_roi, key=lambda name: name not in HUBS):
        hub = signed.get(hub_of(roi))
        signs = [
            _agreement(by_roi[roi][component], levels if hub is None else hub[component])
            for component in by_roi[roi].columns
        ]
        signed[roi] = by_roi[roi] * signs
    return pd.concat({roi: signed[roi] for roi in ROIS if roi in signed}, names=["roi", "nsd_id"])


def _agreement(score: pd.Series, guide: pd.Series) -> float:
    """Return -1 if a score and its guide correlate negatively over common images, else 1."""
    both = pd.concat([score, guide], axis=1, join="inner").to_numpy(dtype=np.float64)
    if not len(both):
        return 1.0
    both = both - both.mean(axis=0)
    norm = float(np.sqrt((both**2).sum(axis=0).prod()))
    return -1.0 if float(both.prod(axis=1).sum()) < -UNCORRELATED * norm else 1.0
