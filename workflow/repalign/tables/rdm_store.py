"""RDM vectors of one subject and trial set on disk: written by region, read by blocks of pairs.

A folder holds `vectors.npy` (n_rois, n_pairs) float32, one unit RDM vector a row; `keys.npy`
(n_trials,) int64, the trials in the order of the RDM; and `rois.npy` (n_rois,) uint16. Blocks are
read into buffers rather than mapped, so that memory is what the block needs and no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from repalign.errors import RepalignError
from repalign.kernels.rdm import n_pairs

Float32 = npt.NDArray[np.float32]

VECTORS, KEYS, ROIS = "vectors.npy", "keys.npy", "rois.npy"


class RdmWriter:
    """Appends RDM vectors to an open folder; made by `write_rdms`."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file = file
        self.length = length
        self.count = 0

    def append(self, vector: Float32) -> None:
        """Write the RDM vector of the next region.

        Parameters
        ----------
        vector : ndarray of float32, shape (n_pairs,)
            A unit RDM vector, or all NaN.

        Raises
        ------
        ValueError
            If its shape or type is another.
        """
        if vector.shape != (self.length,) or vector.dtype != np.float32:
            raise ValueError(
                f"an RDM vector of shape {vector.shape} and type {vector.dtype}, "
                f"expected ({self.length},) float32"
            )
        self._file.write(np.ascontiguousarray(vector).data)
        self.count += 1


@contextmanager
def write_rdms(
    folder: Path, rois: Sequence[int], keys: npt.NDArray[np.int64]
) -> Iterator[RdmWriter]:
    """Write the RDM vectors of one subject and trial set into an existing folder.

    Parameters
    ----------
    folder : Path
        A folder that is being made, for example by `atomic_folder`.
    rois : sequence of int
        Ids of the regions, in the order in which their vectors will be appended.
    keys : ndarray of int64, shape (n_trials,)
        What identifies each trial, in the order of the RDM.

    Yields
    ------
    RdmWriter
        Append one vector a region.

    Raises
    ------
    ValueError
        If fewer or more vectors than regions were appended.
    """
    np.save(folder / KEYS, keys)
    np.save(folder / ROIS, np.asarray(rois, dtype=np.uint16))
    length = n_pairs(len(keys))
    with (folder / VECTORS).open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file,
            {"descr": "<f4", "fortran_order": False, "shape": (len(rois), length)},
        )
        writer = RdmWriter(file, length)
        yield writer
    if writer.count != len(rois):
        raise ValueError(f"{writer.count} RDM vectors for {len(rois)} regions")


def _load(path: Path, dtype: type[np.generic]) -> npt.NDArray[Any]:
    """Read a small one-dimensional array of a known type."""
    try:
        values = np.load(path, allow_pickle=False)
    except EOFError as error:
        raise ValueError(f"{path.name} is empty") from error
    if not isinstance(values, np.ndarray) or values.ndim != 1 or values.dtype != dtype:
        raise ValueError(f"{path.name} is no one-dimensional array of {np.dtype(dtype)}")
    return values


class RdmReader:
    """Reads the RDM vectors of one subject and trial set.

    Parameters
    ----------
    folder : str or Path
        Made by `write_rdms`.

    Attributes
    ----------
    rois : ndarray of uint16, shape (n_rois,)
        Ids of the regions.
    keys : ndarray of int64, shape (n_trials,)
        What identifies each trial.
    shape : (int, int)
        n_rois and n_pairs.

    Raises
    ------
    RepalignError
        If files are missing, cut short or do not fit each other.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        try:
            self.rois: npt.NDArray[np.uint16] = _load(self.folder / ROIS, np.uint16)
            self.keys: npt.NDArray[np.int64] = _load(self.folder / KEYS, np.int64)
            with (self.folder / VECTORS).open("rb") as file:
                np.lib.format.read_magic(file)
                shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
                self._start = file.tell()
        except (OSError, ValueError) as error:
            raise self._error(f"files that cannot be read ({error})") from error
        self.shape = (len(self.rois), n_pairs(len(self.keys)))
        size = self._start + 4 * self.shape[0] * self.shape[1]
        if shape != self.shape or fortran or dtype != np.dtype("<f4"):
            order = " in Fortran order" if fortran else ""
            raise self._error(f"vectors of shape {shape} and type {dtype}{order}")
        if (self.folder / VECTORS).stat().st_size != size:
            raise self._error(f"{VECTORS} of another size than {size} bytes")

    def vectors(self) -> Iterator[Float32]:
        """Yield the vector of each region, shape (n_pairs,)."""
        with (self.folder / VECTORS).open("rb") as file:
            file.seek(self._start)
            for _ in range(self.shape[0]):
                yield np.fromfile(file, dtype=np.float32, count=self.shape[1])

    def vector(self, row: int) -> Float32:
        """Read the vector of one region.

        Parameters
        ----------
        row : int
            Row of the region among `rois`.

        Returns
        -------
        ndarray of float32, shape (n_pairs,)
            A unit RDM vector, or all NaN.
        """
        if not 0 <= row < self.shape[0]:
            raise ValueError(f"row {row} of {self.shape[0]} regions")
        with (self.folder / VECTORS).open("rb") as file:
            file.seek(self._start + 4 * row * self.shape[1])
            return np.fromfile(file, dtype=np.float32, count=self.shape[1])

    def blocks(self, length: int) -> Iterator[Float32]:
        """Yield successive blocks of pairs of all regions.

        Parameters
        ----------
        length : int
            Pairs in a block; the last block may be shorter.

        Yields
        ------
        ndarray of float32, shape (n_rois, at most length)
            A buffer that the next block overwrites.
        """
        n_rois, total = self.shape
        buffer = np.empty((n_rois, min(length, total)), dtype=np.float32)
        with (self.folder / VECTORS).open("rb", buffering=0) as file:
            for start in range(0, total, length):
                width = min(length, total - start)
                block = buffer[:, :width] if width < buffer.shape[1] else buffer
                for row in range(n_rois):
                    file.seek(self._start + 4 * (row * total + start))
                    self._fill(file, block[row])
                yield block

    def _fill(self, file: BinaryIO, row: Float32) -> None:
        """Read one row of a block whole; a read may return less than was asked for."""
        view = memoryview(row.data).cast("B")
        while view:
            count = file.readinto(view)  # type: ignore[attr-defined]
            if not count:
                raise self._error(f"{VECTORS} ended early")
            view = view[count:]

    def _error(self, found: str) -> RepalignError:
        return RepalignError(
            found,
            where=self.folder,
            expected=f"{VECTORS}, {KEYS} and {ROIS} of one trial set",
            remedy="Delete the folder and run the workflow again.",
        )
