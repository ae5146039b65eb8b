"""The two formats of feature files, behind one way to read rows; use `features` to open them."""

from __future__ import annotations

from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Protocol

import h5py
import numpy as np
import numpy.typing as npt

from repalign.errors import RepalignError
from repalign.models.libraries import REMEDY, import_torch

Float32 = npt.NDArray[np.float32]
Ids = npt.NDArray[np.integer[Any]]


class Store(Protocol):
    """An open feature file.

    Attributes
    ----------
    ids : ndarray of integers, shape (n_stimuli,)
        Image of each row.
    dims : tuple of int
        Width of each layer.
    modality : str or None
        What the file says of its model.
    """

    ids: Ids
    dims: tuple[int, ...]
    modality: str | None

    def read(self, layer: int, positions: Ids) -> Float32:
        """Read the rows at ascending `positions` (n,) of a layer; shape (n, dim)."""

    def close(self) -> None:
        """Close the file."""


class H5Store:
    """A `.h5` feature file as `features.write_features` makes it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = h5py.File(path, "r")
        except OSError as error:
            raise feature_error(f"unreadable ({error})", path, "a complete HDF5 file") from error
        try:
            self._read_header()
        except BaseException:
            self._file.close()
            raise

    def _read_header(self) -> None:
        path = self._path
        missing = [name for name in ("ids", "layers") if name not in self._file]
        if missing:
            raise feature_error(f"nothing named {missing[0]!r}", path, "`ids` and `layers`")
        names = sorted(self._file["layers"])
        if names != [f"{layer:03d}" for layer in range(len(names))]:
            raise feature_error(f"layers {names}", path, "layers 000, 001, ...")
        self.ids: Ids = check_ids(self._file["ids"][()], path)
        self._layers = [self._file["layers"][name] for name in names]
        for name, layer in zip(names, self._layers, strict=True):
            if layer.ndim != 2 or layer.shape[0] != self.ids.size or layer.dtype.kind != "f":
                found = f"{layer.dtype} of shape {layer.shape}"
                expected = f"floats of shape ({self.ids.size}, dim), a row an id"
                raise feature_error(found, f"{path}, layer {name}", expected)
        self.dims = tuple(int(layer.shape[1]) for layer in self._layers)
        modality = self._file.attrs.get("modality")
        self.modality = None if modality is None else str(modality)

    def read(self, layer: int, positions: Ids) -> Float32:
        """Read the rows at ascending `positions` (n,) of a layer; shape (n, dim)."""
        data = self._layers[layer]
        rows = np.empty((positions.size, data.shape[1]), np.float32)
        # Rows of one chunk, or of neighbouring ones, are read in one go.
        reach = data.chunks[0] if data.chunks else 1
        ends = (np.flatnonzero(np.diff(positions) > reach) + 1).tolist()
        try:
            for first, last in zip([0, *ends], [*ends, positions.size], strict=True):
                if first < last:
                    start, stop = int(positions[first]), int(positions[last - 1]) + 1
                    rows[first:last] = data[start:stop][positions[first:last] - start]
        except OSError as error:
            where = f"{self._path}, layer {layer}"
            raise feature_error(f"unreadable ({error})", where, "a complete HDF5 file") from error
        return rows

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class TorchStore:
    """A `.pt` dictionary: `feats` [n_stimuli, n_layers, dim], and `ids` [n_stimuli] if it has."""

    modality: str | None = None

    def __init__(self, path: Path, assume_row_order: bool) -> None:
        self._torch = import_torch(
            path,
            expected="PyTorch, to read a .pt file",
            remedy=f"{REMEDY[:-1]}, or convert the file to .h5 with "
            "repalign.models.features.write_features.",
        )
        try:
            # Mapped, not read: pages come from the disk as rows are asked for.
            content = self._torch.load(str(path), weights_only=True, mmap=True, map_location="cpu")
        except (RuntimeError, OSError, EOFError, ValueError, UnpicklingError) as error:
            expected = "a dictionary of tensors in PyTorch's zip format"
            found = f"unreadable ({str(error).splitlines()[0] if str(error) else error!r})"
            raise feature_error(found, path, expected) from error
        feats = content.get("feats") if isinstance(content, dict) else None
        if not isinstance(feats, self._torch.Tensor) or feats.ndim != 3:
            found = "no `feats`" if feats is None else f"`feats` of shape {_shape(feats)}"
            raise feature_error(found, path, "a tensor `feats` [n_stimuli, n_layers, dim]")
        if not feats.is_floating_point():
            raise feature_error(f"`feats` of {feats.dtype}", path, "floating-point features")
        n_stimuli, n_layers, dim = (int(size) for size in feats.shape)
        self._feats: Any = feats
        self.dims = (dim,) * n_layers
        if "ids" in content:
            self.ids: Ids = check_ids(np.asarray(content["ids"]), path, n_stimuli)
        elif assume_row_order:
            self.ids = np.arange(n_stimuli)
        else:
            raise RepalignError(
                "no `ids`: nothing says which image a row is",
                where=path,
                expected=f"a tensor `ids` of {n_stimuli} integers",
                remedy="Add ids, or set assume_row_order if row k is known to be image k.",
            )

    def read(self, layer: int, positions: Ids) -> Float32:
        """Read the rows at ascending `positions` (n,) of a layer; shape (n, dim)."""
        index = self._torch.from_numpy(np.ascontiguousarray(positions, np.int64))
        # NumPy has no bfloat16: PyTorch widens it.
        rows: Float32 = self._feats[:, layer].index_select(0, index).float().numpy()
        return rows

    def close(self) -> None:
        """Let go of the file."""
        self._feats = None


def check_ids(ids: npt.NDArray[Any], path: Path, n_stimuli: int | None = None) -> Ids:
    """Refuse ids that are not whole numbers, one a row and each once.

    Parameters
    ----------
    ids : ndarray, shape (n_stimuli,)
        Image of each row.
    path : Path
        The file, for the message.
    n_stimuli : int, optional
        Rows of the file.

    Returns
    -------
    ndarray of integers, shape (n_stimuli,)
        The same ids.
    """
    if ids.ndim != 1 or ids.dtype.kind not in "iu" or n_stimuli not in (None, ids.size):
        found = f"{ids.dtype} of shape {ids.shape}"
        expected = f"integers of shape ({'n_stimuli' if n_stimuli is None else n_stimuli},)"
        raise feature_error(found, f"{path}, ids", expected)
    values, counts = np.unique(ids, return_counts=True)
    if values.size < ids.size:
        found = f"id {values[counts > 1][0]} more than once"
        raise feature_error(found, f"{path}, ids", "each image once")
    return ids


def feature_error(found: str, where: str | Path, expected: str) -> RepalignError:
    """Make the error of a feature file that has to be made again."""
    return RepalignError(
        found, where=where, expected=expected, remedy="Extract the model's features again."
    )


def _shape(feats: Any) -> str:  # noqa: ANN401
    """Describe the shape of whatever is there instead of a tensor."""
    return str(tuple(feats.shape)) if hasattr(feats, "shape") else type(feats).__name__
