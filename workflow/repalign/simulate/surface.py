"""A simulated parcellation of fsaverage5: connected patches, not where real areas lie."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from repalign.simulate.atlas import parcels
from repalign.simulate.settings import N_AREAS
from repalign.tables.atomic import atomic_file
from repalign.tables.fsaverage import HEMISPHERES, Mesh, load_mesh

PLACE = "freesurfer/fsaverage/label/{hemisphere}.HCP_MMP1.mgz"
"""Below the root of the dataset, as in NSD."""
GROUPS = Path(__file__).resolve().parents[3] / "resources" / "hcp_mmp1_areas.tsv"


def simulate_surface(folder: Path | str) -> None:
    """Add a parcellation of the surface to a simulated dataset, in NSD's format.

    Parameters
    ----------
    folder : Path or str
        Root of the dataset.

    Notes
    -----
    Groups of areas are compact and follow each other from the occipital pole on. Nothing else of
    their places is that of real areas. Nothing is random.
    """
    for hemisphere in HEMISPHERES:
        labels = surface_patches(hemisphere)
        image = nib.MGHImage(labels.astype(np.int32).reshape(-1, 1, 1), np.eye(4))
        content = io.BytesIO()
        image.to_stream(content)
        path = Path(folder) / PLACE.format(hemisphere=hemisphere)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as temporary:
            temporary.write_bytes(gzip.compress(content.getvalue(), compresslevel=6, mtime=0))


def surface_patches(hemisphere: str) -> NDArray[np.int16]:
    """Divide the cortex of fsaverage5 into connected patches of about equal size.

    Parameters
    ----------
    hemisphere : {'lh', 'rh'}
        Its side.

    Returns
    -------
    ndarray of int16, shape (n_vertices,)
        Area of each vertex, 1 to 180; 0 on the medial wall, where the flat map has no vertices.
    """
    sphere, flat = load_mesh("sphere", hemisphere), load_mesh("flat", hemisphere)
    cortex = np.unique(flat.triangles)
    centres = _centres(sphere.places, cortex)
    # Along triangles of the flat map, so that no patch reaches over one of its cuts.
    _, _, nearest = dijkstra(
        _edges(sphere.places, flat),
        directed=False,
        indices=centres,
        min_only=True,
        return_predecessors=True,
    )
    number = np.zeros(len(sphere.places), dtype=np.int16)
    number[centres] = _numbers(sphere.places[centres], grouped_areas())
    labels = np.zeros(len(sphere.places), dtype=np.int16)
    reached = cortex[nearest[cortex] >= 0]
    labels[reached] = number[nearest[reached]]
    return labels


def grouped_areas() -> list[list[int]]:
    """Return the numbers of the areas of each group, groups in the order of display."""
    numbers = {parcel.name: parcel.area for parcel in parcels()}
    with GROUPS.open(encoding="utf-8", newline="") as lines:
        rows = sorted(csv.DictReader(lines, delimiter="\t"), key=lambda row: int(row["section"]))
    return [[numbers[name] for name in row["members"].split()] for row in rows]


def _edges(places: NDArray[np.float64], mesh: Mesh) -> coo_array:
    """Return the edges of a mesh with their lengths."""
    ends = np.concatenate([mesh.triangles[:, [k, (k + 1) % 3]] for k in range(3)])
    ends = np.unique(np.sort(ends, axis=1), axis=0)
    length = np.linalg.norm(places[ends[:, 0]] - places[ends[:, 1]], axis=1)
    return coo_array((length, tuple(ends.T)), shape=(len(places), len(places))).tocsr()


def _centres(places: NDArray[np.float64], cortex: NDArray[np.int64]) -> NDArray[np.int64]:
    """Choose vertices that are as far from each other as can be, the occipital pole first."""
    chosen = [int(cortex[places[cortex, 1].argmin()])]
    away = np.full(len(cortex), np.inf)
    while len(chosen) < N_AREAS:
        away = np.minimum(away, np.linalg.norm(places[cortex] - places[chosen[-1]], axis=1))
        chosen.append(int(cortex[away.argmax()]))
    return np.array(chosen)


def _numbers(places: NDArray[np.float64], groups: Sequence[Sequence[int]]) -> NDArray[np.int16]:
    """Give each centre an area: a group begins as near to the pole as there is room."""
    free = np.ones(len(places), dtype=bool)
    numbers = np.zeros(len(places), dtype=np.int16)
    for group in groups:
        middle = places[0]
        for count, area in enumerate(group):
            away = np.where(free, np.linalg.norm(places - middle, axis=1), np.inf)
            place = int(away.argmin())
            numbers[place], free[place] = area, False
            middle = (
                places[place] if count == 0 else (middle * count + places[place]) / (count + 1)
            )
    return numbers
