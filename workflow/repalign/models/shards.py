"""Feature extraction that can be interrupted: rows are kept shard by shard, then put together.

While `<output>` is being made there is a folder `<output>.partial/`::

    identity.txt            what is extracted; a folder of something else is thrown away
    00000.features.npy      (n_layers, n_rows, dim), features of the first `SHARD_ROWS` rows
    00000.stimuli.npy       (n_rows, 32), digest of each stimulus of these rows

Batches are formed inside shards, so that where a run was interrupted leaves no trace. One shard
is in memory while features are computed, one layer while the file is put together.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from repalign.errors import RepalignError
from repalign.models.stimuli import SIZE, Digests
from repalign.tables.atomic import atomic_file
from repalign.tables.progress import progress

SHARD_ROWS = 256
"""Stimuli of a shard."""
Rows = npt.NDArray[np.int64]
Compute = Callable[[Rows], tuple[npt.NDArray[Any], Digests]]
"""Positions (n,) to float features (n, n_layers, dim), and digests of the stimuli (n, 32)."""


def partial_folder(output: Path) -> Path:
    """Return the folder of what is there of a file before it is finished."""
    return output.with_name(output.name + ".partial")


@dataclass(frozen=True)
class Shards:
    """Finished shards of all rows.

    Attributes
    ----------
    folder : Path
        Where they lie.
    n_rows, n_layers : int
        Sizes.
    dim : int
        Width of a layer.
    dtype : dtype
        Numbers that are kept.
    """

    folder: Path
    n_rows: int
    n_layers: int
    dim: int
    dtype: np.dtype[Any]

    def digests(self) -> Digests:
        """Return the digest of each stimulus, uint8, shape (n_rows, 32)."""
        starts = range(0, self.n_rows, SHARD_ROWS)
        return np.concatenate([np.load(_file(self.folder, start, "stimuli")) for start in starts])

    def layers(self) -> Iterator[npt.NDArray[Any]]:
        """Yield the features of each layer (n_rows, dim), reading one layer at a time."""
        for layer in range(self.n_layers):
            values = np.empty((self.n_rows, self.dim), self.dtype)
            for start in range(0, self.n_rows, SHARD_ROWS):
                # Unmapped again at once: pages of all shards would add up to the whole file.
                shard = np.load(_file(self.folder, start, "features"), mmap_mode="r")
                values[start : start + SHARD_ROWS] = shard[layer]
            yield values


def make_shards(
    folder: Path,
    identity: str,
    ids: npt.NDArray[np.int64],
    compute: Compute,
    dtype: npt.DTypeLike,
    what: str,
) -> Shards:
    """Compute the features of all stimuli, except for shards that are there already.

    Parameters
    ----------
    folder : Path
        Folder of shards, see `partial_folder`. One with another identity is emptied.
    identity : str
        All that features depend on.
    ids : ndarray of int64, shape (n_stimuli,)
        Stimulus of each row, for messages.
    compute : callable
        Computes some rows.
    dtype : float32 or float16
        Numbers that are kept.
    what : str
        Plural noun, for progress.

    Returns
    -------
    Shards
        All of them.

    Raises
    ------
    RepalignError
        If features are not finite, or too large for `dtype`.
    """
    _prepare(folder, identity)
    starts = range(0, ids.size, SHARD_ROWS)
    shape: tuple[int, int] | None = None
    for start in progress(starts, f"shards of {SHARD_ROWS} {what}", total=len(starts)):
        rows = np.arange(start, min(start + SHARD_ROWS, ids.size))
        known = _shape(folder, start, rows.size, np.dtype(dtype))
        if known is None:
            values, digests = compute(rows)
            features = _narrowed(values, ids[rows], np.dtype(dtype))
            # Features last: where they are, the digests are too.
            _save(_file(folder, start, "stimuli"), digests)
            _save(_file(folder, start, "features"), features)
            known = (features.shape[0], features.shape[2])
        if shape not in (None, known):
            raise ValueError(f"layers and width {known} after {shape}")
        shape = known
    if shape is None:
        raise ValueError("no stimuli")
    return Shards(folder, int(ids.size), *shape, np.dtype(dtype))


def _prepare(folder: Path, identity: str) -> None:
    """Keep the folder of the same work; make a new one in place of any other."""
    marker = folder / "identity.txt"
    try:
        same = marker.read_text(encoding="utf-8") == identity
    except (OSError, UnicodeDecodeError):
        same = False
    if folder.exists() and not same:
        shutil.rmtree(folder)
    for leftover in folder.glob(".writing-*"):
        leftover.unlink()
    if not same:
        with atomic_file(marker) as temporary:
            temporary.write_text(identity, encoding="utf-8")


def _file(folder: Path, start: int, kind: str) -> Path:
    return folder / f"{start // SHARD_ROWS:05d}.{kind}.npy"


def _shape(folder: Path, start: int, n_rows: int, dtype: np.dtype[Any]) -> tuple[int, int] | None:
    """Return the number of layers of a whole shard and their width; None if it is not there."""
    try:
        digests = np.load(_file(folder, start, "stimuli"), mmap_mode="r")
        features = np.load(_file(folder, start, "features"), mmap_mode="r")
    except (OSError, ValueError, EOFError):
        # Missing, or cut by something else than us: it is computed again.
        return None
    whole = digests.shape == (n_rows, SIZE) and features.ndim == 3 and features.dtype == dtype
    if not whole or features.shape[1] != n_rows:
        return None
    return features.shape[0], features.shape[2]


def _narrowed(
    values: npt.NDArray[Any], ids: npt.NDArray[np.int64], dtype: np.dtype[Any]
) -> npt.NDArray[Any]:
    """Turn features into what is kept, layer by layer, refusing what the numbers cannot hold."""
    if values.ndim != 3 or len(values) != ids.size:
        raise ValueError(f"features of shape {values.shape}; expected ({ids.size}, n_layers, dim)")
    with np.errstate(over="ignore"):
        narrow = values.astype(dtype, copy=False)
    for kept in (values, narrow):
        wrong = np.argwhere(~np.isfinite(kept).all(axis=2))
        if wrong.size:
            row, layer = wrong[0].tolist()
            too_large = bool(np.isfinite(values[row, layer]).all())
            raise RepalignError(
                f"values beyond {dtype}" if too_large else "NaN or infinity",
                where=f"features of stimulus {ids[row]}, layer {layer}",
                expected="finite features",
                remedy="Set models.store: float32."
                if too_large
                else "Set models.precision: float32, or look at the model's weights.",
            )
    return np.ascontiguousarray(narrow.swapaxes(0, 1))


def _save(path: Path, array: npt.NDArray[Any]) -> None:
    with atomic_file(path) as temporary, temporary.open("wb") as file:
        np.save(file, array, allow_pickle=False)
