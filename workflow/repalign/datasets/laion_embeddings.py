"""Embeddings of the images of LAION-fMRI, found by the names of the images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from repalign.errors import RepalignError
from repalign.tables.laion_layout import EMBEDDING_DATASETS

Float16 = npt.NDArray[np.float16]


class LaionEmbedding:
    """The embedding of all images by one model, read whole (51 MB in the release).

    Parameters
    ----------
    path : str or Path
        `task-images_desc-<label>_embeddings.h5`.

    Attributes
    ----------
    path : Path
        The file.
    names : list of str
        Image of each row. Every file has an order of its own.
    attributes : dict
        What the file says of how it was made.

    Raises
    ------
    RepalignError
        If the file cannot be read, lacks a dataset, has other types or lengths, or an image
        twice.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            with h5py.File(self.path, "r") as file:
                missing = [name for name in EMBEDDING_DATASETS if name not in file]
                if missing:
                    raise _error(f"no dataset {missing[0]!r}", self.path)
                self._values: npt.NDArray[Any] = file["embedding"][()]
                self.names: list[str] = file["image_ids"].asstr()[()].tolist()
                self._valid: npt.NDArray[Any] = file["valid"][()]
                self.attributes: dict[str, Any] = dict(file.attrs)
        except (OSError, TypeError) as error:
            raise _error(f"a file that cannot be read ({error})", self.path) from error
        self._check()
        self._row = {name: row for row, name in enumerate(self.names)}

    def rows(self, names: Sequence[str]) -> Float16:
        """Return the embeddings of images.

        Parameters
        ----------
        names : sequence of str, shape (n,)
            Images, in any order; one may be there many times.

        Returns
        -------
        ndarray of float16, shape (n, width)

        Raises
        ------
        RepalignError
            If an image is not there, is marked as not valid, or holds NaN or infinity.
        """
        unknown = [name for name in dict.fromkeys(names) if name not in self._row]
        if unknown:
            raise _error(f"no embedding of {unknown[0]!r} ({len(unknown)} like it)", self.path)
        places = np.array([self._row[name] for name in names], dtype=np.int64)
        wanted = np.unique(places)
        for bad, why in (
            (~self._valid[wanted], "is not valid"),
            (~np.isfinite(self._values[wanted]).all(axis=1), "is not finite"),
        ):
            if bad.any():
                row = int(wanted[int(np.argmax(bad))])
                raise _error(f"{self.names[row]!r} {why}", f"{self.path}, row {row}")
        return np.asarray(self._values[places])

    def _check(self) -> None:
        n_rows, found = len(self.names), ""
        if self._values.dtype != np.float16 or self._values.ndim != 2:
            found = f"embedding {self._values.dtype} of shape {self._values.shape}"
        elif self._valid.dtype != np.bool_ or not len(self._values) == len(self._valid) == n_rows:
            found = f"{len(self._values)} rows, {n_rows} names, valid {self._valid.dtype} of shape"
            found += f" {self._valid.shape}"
        elif len({*self.names}) < n_rows:
            found = next(f"{n!r} twice" for n in self.names if self.names.count(n) > 1)
        if found:
            raise _error(found, self.path)


def _error(found: str, where: str | Path) -> RepalignError:
    return RepalignError(
        found,
        where=where,
        expected="float16 embeddings, their image_ids and valid, a row an image",
        remedy="Fetch or make the file again; results/laion/validation.html says what is wrong.",
    )
