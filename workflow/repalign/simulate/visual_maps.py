"""The parcellations of visual cortex that NSD ships beside HCP-MMP1, made from its areas."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from repalign.simulate.anatomy import Anatomy
from repalign.simulate.atlas import parcels
from repalign.simulate.settings import N_AREAS

VISUAL_AREAS = {"V1": (1, 2), "V2": (3, 4), "V3": (5, 6), "V4": (7, 7)}
"""Labels of the lower (ventral) and upper (dorsal) half in `prf-visualrois`; 7 is hV4."""

STREAMS: dict[str, tuple[str, ...]] = {
    "early": ("V1", "V2", "V3"),
    "midventral": ("V4",),
    "midlateral": ("LO1", "LO2"),
    "midparietal": ("V3A", "V3B"),
    "ventral": (
        "V8", "PIT", "FFC", "VVC", "VMV1", "VMV2", "VMV3", "PHA1", "PHA2", "PHA3", "TF", "PH",
        "PHT", "TE1p", "TE2p",
    ),
    "lateral": (
        "MT", "MST", "FST", "V4t", "LO3", "V3CD", "TPOJ1", "TPOJ2", "TPOJ3", "STSdp", "STSvp",
    ),
    "parietal": ("V7", "IPS1", "V6", "V6A", "DVT", "IP0", "PGp"),
}  # fmt: skip
"""Areas of each stream, in the order of the labels 1 to 7 of `streams`."""

Labels = NDArray[np.int16]


def visual_areas(anatomy: Anatomy) -> Labels:
    """Make `prf-visualrois`.

    Parameters
    ----------
    anatomy : Anatomy
        The HCP-MMP1 areas.

    Returns
    -------
    ndarray, int16, shape (n_x, n_y, n_z)
        1 V1v, 2 V1d, 3 V2v, 4 V2d, 5 V3v, 6 V3d, 7 hV4 in both hemispheres, 0 in other cortex,
        -1 elsewhere.
    """
    volume = np.where(_cortex(anatomy), 0, -1).astype(np.int16)
    for name, (ventral, dorsal) in VISUAL_AREAS.items():
        number = _numbers()[name]
        for side in (anatomy.left, anatomy.right):
            i, j, k = np.nonzero(side == number)
            volume[i, j, k] = np.where(k <= np.median(k), ventral, dorsal)
    return volume


def streams(side: Labels) -> Labels:
    """Make `lh.streams` or `rh.streams` from the areas of that hemisphere: 1 to 7, 0 or -1."""
    volume = np.minimum(side, 0)
    for label, names in enumerate(STREAMS.values(), start=1):
        volume[np.isin(side, [_numbers()[name] for name in names])] = label
    return volume


def both_hemispheres(anatomy: Anatomy) -> Labels:
    """Make `HCP_MMP1`: 1 to 180 in either hemisphere, 0 in other cortex, -1 elsewhere."""
    return np.maximum(anatomy.left, anatomy.right)


def _cortex(anatomy: Anatomy) -> NDArray[np.bool_]:
    return np.asarray((anatomy.left >= 0) | (anatomy.right >= 0))


def _numbers() -> dict[str, int]:
    return {parcel.name: parcel.area for parcel in parcels()[:N_AREAS]}
