"""Which neurons of a mouse scan belong to a region: an area, or a layer of an area."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pandas as pd


def neurons_of(neurons: pd.DataFrame, region: str) -> npt.NDArray[np.int64]:
    """Return the neurons of a region.

    Parameters
    ----------
    neurons : DataFrame
        With the columns area and layer, in the order of the responses.
    region : str
        An area, such as `V1`, or area and layer, such as `V1 L2/3`.

    Returns
    -------
    ndarray of int64, shape (n_neurons,)
        Rows, ascending; none if the scan has no such neuron.
    """
    area, _, layer = region.partition(" ")
    chosen = (neurons["area"] == area) & ((neurons["layer"] == layer) | (layer == ""))
    return np.flatnonzero(chosen.to_numpy(dtype=bool)).astype(np.int64)


def file_name(region: str) -> str:
    """Return a region as it stands in names of files: V1_L2-3 for V1 L2/3."""
    return re.sub(r"[^\w-]", "-", region.replace(" ", "_"))
