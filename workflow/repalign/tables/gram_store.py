"""The inner products of one subject's patterns, area by area, in one HDF5 file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_file

Matrix = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]
IMAGES = "images"
_REMEDY = "Delete the file and run the workflow again."


@dataclass(frozen=True, eq=False)
class Grams:
    """Gram matrices of one subject.

    Attributes
    ----------
    images : ndarray of int64, shape (n_images,)
        nsd_id of each row and column, ascending.
    by_area : dict of str to ndarray of float64, shape (n_images, n_images)
        Inner products of z-scored patterns of both hemispheres.
    n_voxels : dict of str to int
        Voxels of each area that take part.
    """

    images: Ids
    by_area: dict[str, Matrix]
    n_voxels: dict[str, int]


def write_grams(path: str | Path, images: Ids, areas: Mapping[str, tuple[Matrix, int]]) -> None:
    """Write the Gram matrices of a subject.

    Parameters
    ----------
    path : str or Path
        The file to make.
    images : ndarray of int64, shape (n_images,)
        nsd_id of each image, ascending.
    areas : mapping of str to (ndarray, int)
        Gram matrix of shape (n_images, n_images) and number of voxels of each area.
    """
    with atomic_file(path) as temporary, h5py.File(temporary, "w", track_order=False) as file:
        file.create_dataset(IMAGES, data=images.astype(np.int64), track_times=False)
        for area, (gram, n_voxels) in areas.items():
            dataset = file.create_dataset(f"areas/{area}", data=gram, track_times=False)
            dataset.attrs["n_voxels"] = n_voxels


def read_grams(path: str | Path) -> Grams:
    """Read the Gram matrices of a subject.

    Parameters
    ----------
    path : str or Path
        As `write_grams` made it.

    Returns
    -------
    Grams

    Raises
    ------
    RepalignError
        If the file cannot be read or is not as written.
    """
    try:
        with h5py.File(path, "r") as file:
            images = file[IMAGES][()].astype(np.int64)
            datasets = dict(file["areas"].items())
            by_area = {area: data[()].astype(np.float64) for area, data in datasets.items()}
            n_voxels = {area: int(data.attrs["n_voxels"]) for area, data in datasets.items()}
    except (OSError, KeyError, AttributeError, TypeError, ValueError) as error:
        raise RepalignError(
            f"a file that cannot be read ({error})",
            where=path,
            expected="the Gram matrices of a subject's areas",
            remedy=_REMEDY,
        ) from error
    for area, gram in by_area.items():
        if gram.shape != (images.size, images.size):
            raise RepalignError(
                f"a matrix of shape {gram.shape}",
                where=f"{path}, area {area}",
                expected=f"a row and a column for each of {images.size} images",
                remedy=_REMEDY,
            )
    return Grams(images, by_area, n_voxels)
