"""The one door to the pictures of a dataset: by position, each with the id of its stimulus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import h5py
import numpy as np
import numpy.typing as npt
from PIL import Image

from repalign.errors import RepalignError
from repalign.models.pictures import decode, encode_jpeg, encode_png

BRICK = "imgBrick"
"""Dataset of nsd_stimuli.hdf5 that holds the pictures."""
Encoding = Literal["jpeg", "exact"]
Ids = npt.NDArray[np.int64]


class Images(Protocol):
    """Pictures of a dataset.

    Attributes
    ----------
    ids : ndarray of int64, shape (n_images,)
        Stimulus that each position shows.
    changes : Counter of str
        How many of the pictures shown so far were of each other kind than upright 8-bit RGB.
    """

    ids: Ids

    @property
    def changes(self) -> Counter[str]:
        """Count the pictures that had to be turned into upright 8-bit RGB, by what they were."""

    def __len__(self) -> int: ...

    def name(self, k: int) -> str:
        """Name picture `k` for people: its file, or file and row."""

    def picture(self, k: int) -> Image.Image:
        """Return picture `k` as 8-bit RGB."""

    def encoded(self, k: int) -> bytes:
        """Return picture `k` as the bytes of a JPEG or PNG file."""


def open_brick(
    path: str | Path,
    ids: Sequence[int] | npt.NDArray[np.integer[Any]] | None = None,
    *,
    encoding: Encoding = "jpeg",
) -> Images:
    """Open the picture file of NSD.

    Parameters
    ----------
    path : str or Path
        `nsd_stimuli.hdf5`, with `imgBrick` (n_images, height, width, 3) uint8; row k is the
        image whose nsd_id is k.
    ids : sequence of int, shape (n,), optional
        Images wanted, each once, in the order wanted; all of them, if not given.
    encoding : {"jpeg", "exact"}
        ``"jpeg"``: the picture as a JPEG file of quality 75 shows it, encoded in memory, which
        the published features were made from. ``"exact"``: the pixels of the file.

    Returns
    -------
    Images
        Pictures are read one at a time.

    Raises
    ------
    RepalignError
        If the file cannot be read, has no such dataset, or one of other type or shape, or too
        few rows.
    """
    return _Brick(Path(path), ids, encoding)


def open_files(
    files: Sequence[str | Path], ids: Sequence[int] | npt.NDArray[np.integer[Any]]
) -> Images:
    """Open picture files.

    Parameters
    ----------
    files : sequence of str or Path, shape (n,)
        One a stimulus.
    ids : sequence of int, shape (n,)
        Stimulus that each shows, each once.

    Returns
    -------
    Images
        Files are read one at a time; `models.pictures.decode` says how each becomes RGB, and
        what is refused. `encoded` returns the bytes of a file as they are, where a JPEG or PNG
        file needs no conversion; else a PNG file of `picture`.

    Raises
    ------
    RepalignError
        If one does not exist. Its content is looked at when it is asked for.
    """
    return _Files([Path(file) for file in files], _checked(ids))


class _Brick:
    """Rows of imgBrick."""

    def __init__(
        self,
        path: Path,
        ids: Sequence[int] | npt.NDArray[np.integer[Any]] | None,
        encoding: Encoding,
    ) -> None:
        self._path, self._encoding = path, encoding
        try:
            # Held open: it closes when nothing refers to it.
            self._file = h5py.File(path, "r")
        except OSError as error:
            raise _error(f"unreadable ({error})", path, "nsd_stimuli.hdf5, complete") from error
        brick = self._file.get(BRICK)
        if not isinstance(brick, h5py.Dataset):
            raise _error(f"no dataset named {BRICK}", path, f"{BRICK}, with the pictures")
        if brick.ndim != 4 or brick.shape[3] != 3 or brick.dtype != np.uint8 or not brick.size:
            found = f"{brick.dtype} of shape {brick.shape}"
            raise _error(found, f"{path}, {BRICK}", "uint8 of shape (n, height, width, 3)")
        self._brick = brick
        n_rows = int(brick.shape[0])
        self.ids = _checked(np.arange(n_rows) if ids is None else ids)
        if self.ids.size and self.ids.max() >= n_rows:
            found = f"{n_rows} pictures"
            raise _error(found, f"{path}, {BRICK}", f"a row for nsd_id {self.ids.max()}")

    @property
    def changes(self) -> Counter[str]:
        return Counter()

    def __len__(self) -> int:
        return int(self.ids.size)

    def name(self, k: int) -> str:
        return f"{self._path}, {BRICK}, row {self.ids[k]}"

    def picture(self, k: int) -> Image.Image:
        if self._encoding == "exact":
            return self._pixels(k)
        return decode(self.encoded(k), self.name(k)).image

    def encoded(self, k: int) -> bytes:
        pixels = self._pixels(k)
        return encode_png(pixels) if self._encoding == "exact" else encode_jpeg(pixels)

    def _pixels(self, k: int) -> Image.Image:
        try:
            return Image.fromarray(self._brick[int(self.ids[k])])
        except OSError as error:
            expected = "nsd_stimuli.hdf5, complete"
            raise _error(f"unreadable ({error})", self.name(k), expected) from error


class _Files:
    """One file a picture."""

    def __init__(self, files: list[Path], ids: Ids) -> None:
        if len(files) != ids.size:
            raise ValueError(f"{len(files)} files of {ids.size} ids")
        absent = [file for file in files if not file.is_file()]
        if absent:
            found = f"no such file (of {len(files)} pictures, {len(absent)} are missing)"
            raise _error(found, absent[0], "a picture")
        self._files, self.ids = files, ids
        self._changes: dict[int, tuple[str, ...]] = {}

    @property
    def changes(self) -> Counter[str]:
        return Counter(change for changes in self._changes.values() for change in changes)

    def __len__(self) -> int:
        return len(self._files)

    def name(self, k: int) -> str:
        return str(self._files[k])

    def picture(self, k: int) -> Image.Image:
        return self._decoded(k)[0]

    def encoded(self, k: int) -> bytes:
        return self._decoded(k)[1]

    def _decoded(self, k: int) -> tuple[Image.Image, bytes]:
        try:
            content = self._files[k].read_bytes()
        except OSError as error:
            raise _error(f"unreadable ({error})", self.name(k), "a picture") from error
        picture = decode(content, self.name(k))
        self._changes[k] = picture.changes
        return picture.image, picture.encoded


def _checked(ids: Sequence[int] | npt.NDArray[np.integer[Any]]) -> Ids:
    """Refuse ids that repeat, or that no stimulus has."""
    values = np.asarray(ids)
    if values.ndim != 1 or (values.size and values.dtype.kind not in "iu"):
        raise ValueError(f"ids are {values.dtype} of shape {values.shape}; expected integers (n,)")
    if values.size and (values.min() < 0 or np.unique(values).size < values.size):
        raise ValueError("ids are negative or repeat")
    return values.astype(np.int64)


def _error(found: str, where: str | Path, expected: str) -> RepalignError:
    return RepalignError(
        found, where=where, expected=expected, remedy="Fetch the file again, or correct its path."
    )
