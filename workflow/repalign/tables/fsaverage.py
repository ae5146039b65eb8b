"""The cortical surface fsaverage5, which comes with nilearn, so that no network is needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from nilearn.datasets import load_fsaverage, load_fsaverage_data

N_VERTICES = 10242
"""Vertices of a hemisphere; they are the first ones of finer surfaces of the family."""
FINER = (10242, 40962, 163842)
"""Vertices of fsaverage5, fsaverage6 and fsaverage."""
HEMISPHERES = {"lh": "left", "rh": "right"}

Floats = npt.NDArray[np.float64]
Kind = Literal["flat", "sphere"]


@dataclass(frozen=True)
class Mesh:
    """A surface of one hemisphere.

    Attributes
    ----------
    places : ndarray, shape (n_vertices, 3)
        Coordinates. A flat surface has the third one 0.
    triangles : ndarray, shape (n_triangles, 3)
        Vertices of each; a flat surface leaves the medial wall out.
    """

    places: Floats
    triangles: npt.NDArray[np.int64]


def load_mesh(kind: Kind, hemisphere: str) -> Mesh:
    """Load a surface of fsaverage5.

    Parameters
    ----------
    kind : {'flat', 'sphere'}
        Its shape.
    hemisphere : {'lh', 'rh'}
        Its side.
    """
    part = load_fsaverage("fsaverage5")[kind].parts[HEMISPHERES[hemisphere]]
    places = np.asarray(part.coordinates, dtype=np.float64).copy()
    if kind == "flat":
        places[:, 2] = 0
    return Mesh(places, np.asarray(part.faces, dtype=np.int64))


def load_sulci(hemisphere: str) -> Floats:
    """Load how deep each vertex of fsaverage5 lies.

    Parameters
    ----------
    hemisphere : {'lh', 'rh'}
        Its side.

    Returns
    -------
    ndarray, shape (n_vertices,)
        Above 0 in sulci.
    """
    data = load_fsaverage_data("fsaverage5", data_type="sulcal")
    depth = data.data.parts[HEMISPHERES[hemisphere]]
    return np.asarray(depth, dtype=np.float64).reshape(-1)
