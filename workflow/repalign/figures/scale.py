"""From similarities to colours."""

from __future__ import annotations

import matplotlib
import numpy as np
from matplotlib.colors import Colormap, Normalize

from repalign.figures.rows import Floats

UPPER_QUANTILE = 0.998


def color_scale(values: Floats) -> tuple[Colormap, Normalize, str]:
    """Choose colours for similarities.

    Sequential from 0 where values are mostly positive; diverging around 0 where the negative
    end reaches a quarter of the positive one. Limits are quantiles, so that a few
    extreme regions do not take the contrast from all others.

    Parameters
    ----------
    values : ndarray
        Similarities; NaN are ignored.

    Returns
    -------
    colormap : Colormap
        Perceptually uniform.
    norm : Normalize
        From similarity to colour.
    extend : str
        At which ends values lie beyond the limits, as `Figure.colorbar` takes it.
    """
    known = values[np.isfinite(values)]
    if known.size == 0:
        known = np.array([0.0, 1.0])
    low, high = (
        float(limit) for limit in np.quantile(known, [1 - UPPER_QUANTILE, UPPER_QUANTILE])
    )
    if low < -0.25 * max(high, 0.0):
        high = max(-low, high)
        colormap, low = matplotlib.colormaps["RdBu_r"], -high
    else:
        colormap, low, high = matplotlib.colormaps["magma"], 0.0, high or 1.0
    below, above = bool(known.min() < low), bool(known.max() > high)
    extend = {(False, False): "neither", (True, False): "min", (False, True): "max"}
    return colormap, Normalize(low, high), extend.get((below, above), "both")
