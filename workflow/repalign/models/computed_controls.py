"""Control matrices that are computed here: annotations and shared components of images."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from repalign.errors import RepalignError
from repalign.models.annotations import BIOLOGY, scene_level
from repalign.tables.hubs import COMPONENT_SETS, HUBS, control_names

_COLUMNS = ("animal", "human", "inanimate")
"""Columns of the control `biology`, in the order of `BIOLOGY`."""


def control_table(name: str, annotations: pd.DataFrame, components: pd.DataFrame) -> pa.Table:
    """Make one control matrix.

    Parameters
    ----------
    name : str
        One of `control_names`.
    annotations : DataFrame
        As in `repalign.models.kmcca_tables.ANNOTATIONS`.
    components : DataFrame
        As returned by `repalign.alignment.orientation.oriented`.

    Returns
    -------
    pyarrow.Table
        nsd_id (uint32) and float32 columns, ascending; the same images for every name.

    Raises
    ------
    RepalignError
        If there is no such control, or no region that it is about.

    Notes
    -----
    Images whose scene level could not be read are in no control matrix, and neither are those
    that some hub has no components for, because all matrices must be about the same images.
    """
    images = _images(annotations, components)
    known = annotations.set_index("nsd_id").reindex(images)
    columns: dict[str, npt.NDArray[Any]]
    if name == "scene":
        columns = {"level": scene_level(known["scene_dominated2"].to_numpy())}
    elif name == "biology":
        kinds = known["biology"].to_numpy()
        columns = {label: kinds == kind for label, kind in zip(_COLUMNS, BIOLOGY, strict=True)}
    elif name == "biology_binary":
        columns = {"animate": known["biology"].to_numpy() != BIOLOGY[2]}
    else:
        hub, _, part = name.partition("_cca_")
        if hub not in HUBS or part not in COMPONENT_SETS:
            raise _error(f"a control named {name!r}", name)
        if hub not in components.index.get_level_values("roi"):
            raise _error(f"no components of {hub}", name)
        values = components.loc[hub].reindex(images)
        columns = {f"cca_{k}": values[k].to_numpy() for k in COMPONENT_SETS[part]}
    arrays = {column: pa.array(values.astype(np.float32)) for column, values in columns.items()}
    return pa.table({"nsd_id": pa.array(images.astype(np.uint32)), **arrays})


def _images(annotations: pd.DataFrame, components: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return the images that are in every control matrix, ascending."""
    has_level = np.isfinite(scene_level(annotations["scene_dominated2"].to_numpy()))
    images = annotations["nsd_id"].to_numpy(dtype=np.int64)[has_level]
    for hub in HUBS:
        if hub in components.index.get_level_values("roi"):
            images = np.intersect1d(images, components.loc[hub].index.to_numpy(dtype=np.int64))
    if not images.size:
        raise RepalignError(
            "no image with a scene level and components",
            where="control matrices",
            expected="at least one",
            remedy="Look at the answers about scenes: none of them may be readable.",
        )
    return np.unique(images)


def _error(found: str, name: str) -> RepalignError:
    return RepalignError(
        found,
        where=f"control {name}",
        expected=f"one of {', '.join(control_names(tuple(HUBS)))}",
        remedy="Correct the target, or add areas of the hub to nsd.regions.",
    )
