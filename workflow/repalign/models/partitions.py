"""Which images show something animate, from the objects that COCO lists for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.datasets.csv_columns import read_csv, to_integers
from repalign.errors import RepalignError

SUPERCATEGORIES = (
    "accessory", "animal", "appliance", "electronic", "food", "furniture", "indoor", "kitchen",
    "outdoor", "person", "sports", "vehicle",
)  # fmt: skip
"""The twelve supercategories of COCO's objects."""

ANIMATE = ("animal", "person")
"""Supercategories that count as animate."""

_COLUMNS = ("nsd_id", "supercategory")


def read_objects(path: str | Path) -> pd.DataFrame:
    """Read the table of annotated objects.

    Parameters
    ----------
    path : str or Path
        `coco_objects_annotations.csv`: a row an object, with `nsd_id` and `supercategory` among
        its columns.

    Returns
    -------
    DataFrame
        All columns; `nsd_id` is int64. An image without objects has no row.

    Raises
    ------
    RepalignError
        If it cannot be read, a column is missing, or holds something else: an unknown
        supercategory would count as inanimate.
    """
    table = read_csv(path, "coco_objects_annotations.csv")
    missing = [name for name in _COLUMNS if name not in table]
    if missing:
        raise _error(f"no column {missing[0]}", f"{path}, header", f"columns {_COLUMNS} and more")
    to_integers(table, "nsd_id", path)
    unknown = ~table["supercategory"].isin(SUPERCATEGORIES).to_numpy()
    if unknown.any():
        row = int(unknown.argmax())
        found = f"supercategory {table['supercategory'].iloc[row]!r} ({unknown.sum()} rows)"
        raise _error(found, f"{path}, data row {row + 1}", f"one of {', '.join(SUPERCATEGORIES)}")
    return table


def animacy_partition(objects: pd.DataFrame) -> dict[str, npt.NDArray[np.int64]]:
    """Part images by whether they show a person or an animal.

    Parameters
    ----------
    objects : DataFrame
        A row an object: `nsd_id` and `supercategory`, as `read_objects` gives them.

    Returns
    -------
    dict of str to ndarray of int64
        Ascending ids: ``"animate"``, images with any person or animal; ``"inanimate"``, images
        with at least one object and none of these. An image without objects is in neither.
    """
    ids: npt.NDArray[Any] = objects["nsd_id"].to_numpy(dtype=np.int64)
    living = objects["supercategory"].isin(ANIMATE).to_numpy()
    animate = np.unique(ids[living])
    return {"animate": animate, "inanimate": np.setdiff1d(ids, animate)}


def _error(found: str, where: str, expected: str) -> RepalignError:
    return RepalignError(
        found,
        where=where,
        expected=expected,
        remedy="Make the table again from COCO's instance annotations.",
    )
