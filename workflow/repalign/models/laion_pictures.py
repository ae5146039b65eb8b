"""The pictures of LAION-fMRI: encoded files in one HDF5 dataset, named by their rows alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import h5py
import numpy as np
import numpy.typing as npt
from PIL import Image

from repalign.errors import RepalignError
from repalign.models.pictures import Picture, decode
from repalign.tables.laion_layout import GREY, IMAGES_DATASET

Alpha = Literal["composite", "drop"]


def open_laion(
    path: str | Path,
    names: Sequence[str],
    *,
    alpha: Alpha = "composite",
    rows: Sequence[int] | npt.NDArray[np.int64] | None = None,
) -> LaionPictures:
    """Open the file of pictures.

    Parameters
    ----------
    path : str or Path
        `task-images_stimuli.h5`, whose dataset `images` holds the bytes of a JPEG or PNG file a
        row.
    names : sequence of str, length n_images
        Names of all images, in the order of the table of images.
    alpha : {"composite", "drop"}
        What becomes of transparency: laid over middle grey (128, 128, 128), as the scanner
        showed it; or dropped, which shows the colours beneath.
    rows : sequence of int, optional
        Rows wanted, in the order wanted; all, if not given.

    Returns
    -------
    LaionPictures
        Pictures are read one at a time.

    Raises
    ------
    RepalignError
        If the file cannot be read, has no such dataset, one of another kind, or more or fewer
        rows than there are names.
    """
    path = Path(path)
    try:
        # Held open: it closes when nothing refers to it.
        file = h5py.File(path, "r")
    except OSError as error:
        raise _error(f"unreadable ({error})", path, "an HDF5 file of pictures") from error
    pictures = file.get(IMAGES_DATASET)
    kind = h5py.check_vlen_dtype(pictures.dtype) if isinstance(pictures, h5py.Dataset) else None
    if kind != np.uint8 or pictures.ndim != 1:
        raise _error(
            "none" if pictures is None else f"{getattr(pictures, 'dtype', 'a group')}",
            f"{path}, dataset {IMAGES_DATASET}",
            "bytes of variable length, one file a row",
        )
    if len(pictures) != len(names):
        raise _error(f"{len(pictures)} pictures", path, f"{len(names)}, one a row of the table")
    wanted = np.arange(len(names)) if rows is None else np.asarray(rows, np.int64)
    return LaionPictures(path, pictures, names, alpha, wanted.astype(np.int64))


class LaionPictures:
    """Rows of the file of pictures; see `models.images.Images`.

    Parameters
    ----------
    path : Path
        The file, for messages.
    pictures : h5py.Dataset
        Its rows.
    names : sequence of str
        Name of each row.
    alpha : {"composite", "drop"}
        What becomes of transparency.
    rows : ndarray of int64, shape (n,)
        Rows wanted; they are the ids of the pictures.
    """

    def __init__(
        self,
        path: Path,
        pictures: h5py.Dataset,
        names: Sequence[str],
        alpha: Alpha,
        rows: npt.NDArray[np.int64],
    ) -> None:
        self._path, self._pictures, self._names = path, pictures, names
        self._ground = GREY if alpha == "composite" else None
        self.ids = rows
        self._changes: dict[int, tuple[str, ...]] = {}

    @property
    def changes(self) -> Counter[str]:
        """Count the pictures shown so far that were no upright 8-bit RGB."""
        return Counter(change for changes in self._changes.values() for change in changes)

    def __len__(self) -> int:
        return int(self.ids.size)

    def image_name(self, k: int) -> str:
        """Return the name of picture `k` in the tables."""
        return self._names[int(self.ids[k])]

    def name(self, k: int) -> str:
        """Name picture `k` for people."""
        return f"{self._path}, row {self.ids[k]} ({self.image_name(k)})"

    def content(self, k: int) -> bytes:
        """Return the bytes of the file of picture `k`."""
        try:
            return bytes(self._pictures[int(self.ids[k])])
        except OSError as error:
            raise _error(f"unreadable ({error})", self.name(k), "a picture") from error

    def picture(self, k: int) -> Image.Image:
        """Return picture `k` as 8-bit RGB."""
        return self._decoded(k).image

    def encoded(self, k: int) -> bytes:
        """Return picture `k` as the bytes of a JPEG or PNG file."""
        return self._decoded(k).encoded

    def _decoded(self, k: int) -> Picture:
        picture = decode(self.content(k), self.name(k), ground=self._ground)
        self._changes[k] = picture.changes
        return picture


def _error(found: str, where: str | Path, expected: str) -> RepalignError:
    return RepalignError(
        found, where=where, expected=expected, remedy="Fetch the file again, or correct laion.raw."
    )
