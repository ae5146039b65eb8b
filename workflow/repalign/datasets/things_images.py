"""The images of THINGS, from the folder of its pictures."""

from __future__ import annotations

import logging
import os
from collections import Counter
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from repalign.datasets.csv_columns import read_csv, to_integers
from repalign.errors import RepalignError

log = logging.getLogger("repalign")

IMAGE_COLUMNS = (
    "things_id", "image_name", "category", "category_id", "image_category_index", "image_path",
)  # fmt: skip
"""Columns of the image index, `images.csv`."""

N_IMAGES, N_CONCEPTS = 26_107, 1_854
"""Known counts of the real dataset (Hebart et al. 2019, doi:10.1371/journal.pone.0223792)."""


def read_concepts(path: str | Path) -> list[str]:
    """Read the names of the concepts: one a line; the number of the line is `category_id`.

    Parameters
    ----------
    path : str or Path
        `unique_id.csv`, without a header.

    Returns
    -------
    list of str
        In the order of the file, which is not alphabetic throughout.

    Raises
    ------
    RepalignError
        If it cannot be read, is empty, or has a name twice or an empty line between names.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _error(f"unreadable ({error})", path, "the names of the concepts") from error
    names = [line.strip().strip('"') for line in text.rstrip().splitlines()]
    twice = [name for name, n in Counter(names).items() if n > 1]
    if not names or twice or "" in names:
        raise _error(f"names {twice[:3] or names[:3]}", path, "each concept once, one a line")
    return names


def find_pictures(folder: str | Path) -> list[PurePosixPath]:
    """Find all pictures below a folder.

    Parameters
    ----------
    folder : str or Path
        With a folder for each concept.

    Returns
    -------
    list of PurePosixPath
        All `*.jpg` in folders that are not hidden, relative to `folder`, sorted by file name.
        Other files are counted in the log.

    Raises
    ------
    RepalignError
        If there is none.
    """
    found: list[PurePosixPath] = []
    others: list[str] = []
    for parent, inner, files in os.walk(folder, followlinks=True):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        place = PurePosixPath(Path(parent).relative_to(folder).as_posix())
        visible = [name for name in files if not name.startswith(".")]
        found += [place / name for name in visible if name.endswith(".jpg")]
        others += [str(place / name) for name in visible if not name.endswith(".jpg")]
    if others:
        log.warning("%d files are no *.jpg and left out, such as %s", len(others), min(others))
    if not found:
        raise _error("no *.jpg", folder, "the pictures of THINGS, a folder a concept")
    return sorted(found, key=lambda path: (path.name, str(path)))


def things_images(pictures: list[PurePosixPath], concepts: list[str], below: str) -> pd.DataFrame:
    """Make the index of images.

    Parameters
    ----------
    pictures : list of PurePosixPath
        Paths in the folder of the pictures, sorted by file name.
    concepts : list of str
        Names of the concepts; position k is category_id k.
    below : str
        Where the folder of the pictures lies in the raw dataset.

    Returns
    -------
    DataFrame
        A row an image: things_id (number of the row), image_name (stem), category (its folder),
        category_id, image_category_index (1-based, within the category) and image_path (in the
        raw dataset).

    Raises
    ------
    RepalignError
        If a folder is not a concept, or two pictures have one name.
    """
    ids = {name: k for k, name in enumerate(concepts)}
    categories = [path.parent.name for path in pictures]
    unknown = [path for path, name in zip(pictures, categories, strict=True) if name not in ids]
    if unknown:
        raise _error(f"{unknown[0]} (one of {len(unknown)})", below, "folders named by concepts")
    names = [path.stem for path in pictures]
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise _error(f"{twice[0]}.jpg in two folders", below, "file names that are unique")
    table = pd.DataFrame(
        {
            "things_id": range(len(pictures)),
            "image_name": names,
            "category": categories,
            "category_id": [ids[name] for name in categories],
        }
    )
    table["image_category_index"] = table.groupby("category_id").cumcount() + 1
    table["image_path"] = [str(PurePosixPath(below) / path) for path in pictures]
    return table


def read_things_images(path: str | Path) -> pd.DataFrame:
    """Read the image index and check that it can number the rows of feature files.

    Parameters
    ----------
    path : str or Path
        `images.csv`, a row an image in the order of the file names.

    Returns
    -------
    DataFrame
        The columns of `IMAGE_COLUMNS`.

    Raises
    ------
    RepalignError
        If a column is missing, `things_id` is not 0, 1, 2, ..., or a name is there twice.
    """
    images = read_csv(path, "the image index of THINGS")
    missing = [name for name in IMAGE_COLUMNS if name not in images]
    if missing:
        raise _error(f"no column {missing[0]}", path, f"the columns {', '.join(IMAGE_COLUMNS)}")
    for name in ("things_id", "category_id", "image_category_index"):
        to_integers(images, name, path)
    if not np.array_equal(images["things_id"], np.arange(len(images))):
        raise _error("other ids", f"{path}, column things_id", "0, 1, 2, ... in this order")
    twice = images.loc[images["image_name"].duplicated(), "image_name"]
    if len(twice):
        raise _error(f"{twice.iloc[0]} twice", f"{path}, column image_name", "each name once")
    return images[list(IMAGE_COLUMNS)]


def check_real_things(images: pd.DataFrame, concepts: list[str]) -> None:
    """Refuse pictures that claim to be those of THINGS and have other counts.

    Parameters
    ----------
    images : DataFrame
        As `things_images` returns it.
    concepts : list of str
        Names of the concepts.

    Notes
    -----
    One picture more or less shifts the ids of all that follow.
    """
    found = (len(images), images["category"].nunique(), len(concepts))
    if found != (N_IMAGES, N_CONCEPTS, N_CONCEPTS):
        raise _error(
            f"{found[0]} pictures in {found[1]} folders, {found[2]} concepts",
            "things.raw",
            f"{N_IMAGES} pictures in {N_CONCEPTS} folders",
        )


def _error(found: str, where: str | Path, expected: str) -> RepalignError:
    return RepalignError(
        found,
        where=where,
        expected=expected,
        remedy="Fetch THINGS again, or correct things.files.",
    )
