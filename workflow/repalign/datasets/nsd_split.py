"""The images of NSD's assemblies: their names, and which of them are for training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.errors import RepalignError
from repalign.tables.stimulus_sets import write_rows

PARTS = ("train", "test")
COLUMNS = ("stimulus_id", "nsd_id", "split")

Ids = npt.NDArray[np.int64]


def stimulus_names(images: Ids) -> npt.NDArray[np.str_]:
    """Return the texts that identify images in assemblies.

    Parameters
    ----------
    images : ndarray, shape (n_images,), int64
        Image numbers (`nsd_id`).

    Returns
    -------
    ndarray, shape (n_images,), str
        Such as nsd_03049.
    """
    return np.array([f"nsd_{image:05d}" for image in images.tolist()], dtype=np.str_)


def picture_name(image: int) -> str:
    """Return the name of the file that shows an image."""
    return f"nsd_{image:05d}.png"


def write_split(path: str | Path, images: Ids, train: npt.NDArray[np.bool_]) -> None:
    """Write which images are for training: stimulus_id, nsd_id, split, ascending.

    Parameters
    ----------
    path : str or Path
        The file to make, as published byte by byte.
    images : ndarray, shape (n_images,), int64
        Image numbers, ascending.
    train : ndarray, shape (n_images,), bool
        True for training.
    """
    names = stimulus_names(images).tolist()
    parts = [PARTS[0] if one else PARTS[1] for one in train.tolist()]
    write_rows(path, COLUMNS, list(zip(names, images.tolist(), parts, strict=True)))


def read_split(path: str | Path) -> tuple[Ids, npt.NDArray[np.bool_]]:
    """Read which images are for training.

    Parameters
    ----------
    path : str or Path
        `train_test_split.csv`.

    Returns
    -------
    images : ndarray, shape (n_images,), int64
        Image numbers, ascending.
    train : ndarray, shape (n_images,), bool
        True for training.

    Raises
    ------
    RepalignError
        If it is no such table, images are not ascending, or names are not those of the numbers.
    """
    try:
        table = pd.read_csv(path, dtype={"stimulus_id": str, "nsd_id": np.int64, "split": str})
        if tuple(table.columns) != COLUMNS:
            raise ValueError(f"columns {list(table.columns)}")
        images = table["nsd_id"].to_numpy(np.int64)
        if (np.diff(images) <= 0).any() or not images.size:
            raise ValueError("image numbers that do not ascend")
        if not np.array_equal(table["stimulus_id"].to_numpy(str), stimulus_names(images)):
            raise ValueError("a stimulus_id that is not that of its nsd_id")
        if set(table["split"]) != set(PARTS):
            raise ValueError(f"parts {sorted(set(table['split'].astype(str)))}")
    except (OSError, ValueError) as error:
        raise RepalignError(
            f"no split of images ({error})",
            where=path,
            expected=f"columns {', '.join(COLUMNS)}, ascending, with both parts",
            remedy="Delete it and run the workflow again.",
        ) from error
    return images, (table["split"] == PARTS[0]).to_numpy()
