"""A session of NSD's 1.8 mm betas (HDF5): chosen trials of chosen voxels, and sums over all.

h5py shows the axes of `betas` as trials, z, y, x: reversed against the NIfTI volumes. Sums are
exact whole numbers, so that what follows from them does not depend on how the file was read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from repalign.errors import RepalignError
from repalign.tables.atomic import atomic_file

BETAS = "betas"
BLOCK_BYTES = 32 * 2**20
"""About how much of a file is in memory at once."""
FETCH_AGAIN = "Fetch the file again and compare its size and checksum with the source's."

Int64 = npt.NDArray[np.int64]
_FIELDS = {"betas": 2, "trials": 1, "sums": 1, "squares": 1}


@dataclass(frozen=True)
class SessionSums:
    """What is kept of a session.

    Attributes
    ----------
    betas : ndarray, shape (n_chosen, n_voxels), int16
        Responses to the chosen trials, as stored (percent signal change x 300).
    trials : ndarray, shape (n_chosen,), int64
        Which trials of the session these are, from 0, ascending.
    sums, squares : ndarray, shape (n_voxels,), int64
        Sum over all trials of the session of the responses, and of their squares.
    n_trials : int
        Trials of the session.
    """

    betas: npt.NDArray[np.int16]
    trials: Int64
    sums: Int64
    squares: Int64
    n_trials: int


def read_session_sums(
    path: str | Path,
    grid: tuple[int, int, int],
    voxels: Int64,
    trials: Int64,
    n_trials: int,
    block_bytes: int = BLOCK_BYTES,
) -> SessionSums:
    """Read chosen trials of chosen voxels of a session, and sums over all its trials.

    Parameters
    ----------
    path : str or Path
        `betas_sessionYY.hdf5`.
    grid : tuple of int
        Voxels along x, y, z of the subject's volumes.
    voxels : ndarray, shape (n_voxels, 3), int64
        Voxels wanted, x, y, z; in any order, also twice.
    trials : ndarray, shape (n_chosen,), int64
        Trials wanted, from 0, ascending.
    n_trials : int
        Trials that the session must have.
    block_bytes : int
        About how much of the file is in memory at once; the result does not depend on it.

    Returns
    -------
    SessionSums
        For the voxels in the order wanted.

    Raises
    ------
    RepalignError
        If the file cannot be read, or `betas` are not (n_trials, z, y, x) int16.

    Notes
    -----
    Files are read once, by the chunks that they are stored in: NSD's have a chunk a voxel, so
    that only chosen voxels are touched. Files stored trial by trial, or compressed, are read in
    blocks of trials. Memory is a block and what is returned.
    """
    path = Path(path)
    m = len(voxels)
    betas = np.empty((trials.size, m), np.int16)
    sums, squares = np.zeros(m, np.int64), np.zeros(m, np.int64)
    places = voxels[:, ::-1]
    try:
        with h5py.File(path, "r") as file:
            stored = _checked(file, path, (n_trials, *reversed(grid)))
            for box, members, step in _boxes(stored, places, block_bytes):
                local = places[members] - [span.start for span in box]
                where = np.ravel_multi_index(tuple(local.T), [s.stop - s.start for s in box])
                for start in range(0, n_trials, step):
                    stop = min(start + step, n_trials)
                    block = stored[(slice(start, stop), *box)].reshape(stop - start, -1)
                    values = block[:, where].astype(np.int64)
                    sums[members] += values.sum(axis=0)
                    squares[members] += (values * values).sum(axis=0)
                    rows = slice(*np.searchsorted(trials, (start, stop)))
                    betas[rows, members] = values[trials[rows] - start]
    except FileNotFoundError as error:
        raise _error("no such file", path, "a session's betas", "Fetch it.") from error
    except OSError as error:
        raise _error(f"a damaged file ({error})", path, "a complete HDF5 file") from error
    return SessionSums(betas, trials, sums, squares, n_trials)


def write_session_sums(path: str | Path, session: SessionSums) -> None:
    """Write what is kept of a session.

    Parameters
    ----------
    path : str or Path
        The file to make.
    session : SessionSums
        What it holds.
    """
    with atomic_file(path) as temporary, h5py.File(temporary, "w") as file:
        for name in _FIELDS:
            file.create_dataset(name, data=getattr(session, name), track_times=False)
        file.attrs["n_trials"] = session.n_trials


def read_columns(path: str | Path, columns: slice) -> SessionSums:
    """Read what is kept of a session for some voxels.

    Parameters
    ----------
    path : str or Path
        As `write_session_sums` wrote it.
    columns : slice
        Voxels wanted.

    Returns
    -------
    SessionSums
        For these voxels.

    Raises
    ------
    RepalignError
        If it is no such file, or has fewer voxels.
    """
    path = Path(path)
    try:
        with h5py.File(path, "r") as file:
            n_voxels = int(file["sums"].shape[0])
            if n_voxels < columns.stop:
                raise KeyError(f"{n_voxels} voxels, {columns.stop} wanted")
            return SessionSums(
                file["betas"][:, columns],
                file["trials"][:],
                file["sums"][columns],
                file["squares"][columns],
                int(file.attrs["n_trials"]),
            )
    except (OSError, KeyError) as error:
        raise _error(
            f"no extracted session ({error})",
            path,
            "responses and sums of the subject's neuroids",
            "Delete it and run the workflow again.",
        ) from error


def _checked(file: h5py.File, path: Path, shape: tuple[int, ...]) -> h5py.Dataset:
    """Return the betas, if they are what they must be."""
    stored = file.get(BETAS)
    expected = f"betas of shape {shape} (trials, z, y, x), int16"
    if not isinstance(stored, h5py.Dataset):
        raise _error(f"no dataset named {BETAS}", path, expected, "Use NSD's HDF5 betas.")
    if stored.dtype != np.int16:
        raise _error(
            f"values of type {stored.dtype}",
            f"{path}, {BETAS}",
            expected,
            "Use the betas as NSD ships them: percent signal change x 300, as whole numbers.",
        )
    if stored.shape != shape:
        remedy = "Use betas and regions of the same subject, both of func1pt8mm."
        if stored.shape[1:] == shape[:0:-1]:
            remedy = "These are the axes of NIfTI; NSD's HDF5 betas have them reversed."
        elif stored.shape[1:] == shape[1:]:
            remedy = "The session is not complete: fetch the file again."
        raise _error(f"shape {stored.shape}", f"{path}, {BETAS}", expected, remedy)
    return stored


def _boxes(
    stored: h5py.Dataset, places: Int64, block_bytes: int
) -> Iterator[tuple[tuple[slice, ...], Int64, int]]:
    """Yield boxes of the volume (z, y, x), the voxels in each, and trials a block.

    A box is a row of neighbouring chunks along x, as long as it fits in a block.
    """
    n_trials, *shape = stored.shape
    # What is not chunked is stored trial by trial.
    depth, *tile = stored.chunks or (1, *shape)
    tiles = places // tile
    order = np.lexsort(tiles.T[::-1])
    ordered = tiles[order]
    longest = max(1, block_bytes // (2 * n_trials * int(np.prod(tile))))
    starts = _starts(ordered, longest)
    for start, stop in zip(starts, [*starts[1:], len(order)], strict=True):
        members = order[start:stop]
        box = [
            slice(int(lowest) * size, min((int(highest) + 1) * size, length))
            for lowest, highest, size, length in zip(
                ordered[start:stop].min(axis=0), ordered[start:stop].max(axis=0), tile, shape,
                strict=True,
            )
        ]  # fmt: skip
        # Planes without a voxel are left out; whole planes are in one piece on disk.
        planes = places[members, 0]
        box[0] = slice(int(planes.min()), int(planes.max()) + 1)
        row_bytes = 2 * int(np.prod([span.stop - span.start for span in box]))
        step = max(1, block_bytes // (row_bytes * depth)) * depth
        yield tuple(box), members, step


def _starts(tiles: Int64, longest: int) -> list[int]:
    """Return where rows of neighbouring chunks begin among sorted ones."""
    step = np.diff(tiles, axis=0)
    is_new = np.r_[True, step[:, :2].any(axis=1) | (step[:, 2] > 1)]
    first = tiles[:, 2][np.maximum.accumulate(np.where(is_new, np.arange(len(tiles)), 0))]
    part = (tiles[:, 2] - first) // longest
    is_new[1:] |= part[1:] != part[:-1]
    return [int(n) for n in np.flatnonzero(is_new)]


def _error(
    found: str, where: str | Path, expected: str, remedy: str = FETCH_AGAIN
) -> RepalignError:
    return RepalignError(found, where=where, expected=expected, remedy=remedy)
