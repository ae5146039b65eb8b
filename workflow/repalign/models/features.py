"""The one door to model features: rows of a layer, found by the ids of their images.

A feature file is `<model key>.h5`, as `write_features` makes it::

    layers/000, layers/001, ...   (n_stimuli, dim) float32 or float16, chunks of whole rows
    ids                           (n_stimuli,) int32, the image of each row
    attributes: model, modality, dims (n_layers,), provenance (JSON), more if wanted;
                `extraction` says what extracted features say of themselves

or a `.pt` dictionary, with `feats` [n_stimuli, n_layers, dim] and preferably `ids`. A few
hundred rows of one layer are read without the rest of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import h5py
import numpy as np
import numpy.typing as npt

from repalign.errors import RepalignError
from repalign.models.feature_files import (
    Float32,
    H5Store,
    Ids,
    Store,
    TorchStore,
    check_ids,
    feature_error,
)
from repalign.models.identity import FeatureIdentity
from repalign.models.modality import MODALITIES, modality_of
from repalign.tables.atomic import atomic_file

CHUNK_BYTES = 16_384
"""Size of a chunk: scattered rows cost little more than themselves."""


class Features:
    """Features of one model; made by `open_features`, closed by `close` or a `with` block.

    Attributes
    ----------
    path : Path
        The file.
    model : str
        Model key: the file name without its last suffix, so that dots in it are kept.
    modality : str
        ``"vision"`` or ``"language"``.
    ids : ndarray of int64, shape (n_stimuli,)
        Image of each row, in the order of the file.
    n_layers, n_stimuli : int
        Sizes.
    dims : tuple of int
        Width of each layer.
    attributes : mapping
        What the file says of its model and stimuli; nothing, if it is a user's own.
    """

    def __init__(self, path: Path, store: Store) -> None:
        self.path = path
        self.model = path.stem
        self.attributes = store.attributes
        self.modality = str(self.attributes.get("modality", modality_of(path.stem)))
        if self.modality not in MODALITIES:
            where = f"{path}, attribute modality"
            raise feature_error(repr(self.modality), where, f"one of {', '.join(MODALITIES)}")
        self._store = store
        self.ids = store.ids.astype(np.int64)
        self.dims = store.dims
        self.n_layers, self.n_stimuli = len(self.dims), self.ids.size
        if not self.n_layers or not self.n_stimuli:
            found = f"{self.n_layers} layers of {self.n_stimuli} images"
            raise feature_error(found, path, "at least one of each")
        self._order = np.argsort(self.ids)

    def rows(self, layer: int, stimulus_ids: Sequence[int] | Ids) -> Float32:
        """Read the features of images from one layer.

        Parameters
        ----------
        layer : int
            0-based.
        stimulus_ids : sequence of int, shape (n,)
            Ids of the images wanted, in any order; an image may be wanted more than once.

        Returns
        -------
        ndarray of float32, shape (n, dim)
            A row for each id, in the order of `stimulus_ids`.

        Raises
        ------
        RepalignError
            If the file has no such layer, lacks an image, or holds NaN or infinity in these
            rows.
        """
        if not 0 <= layer < self.n_layers:
            raise RepalignError(
                f"layer {layer} wanted",
                where=self.path,
                expected=f"a layer from 0 to {self.n_layers - 1}",
                remedy="Choose among these layers, or extract the features again.",
            )
        wanted, back = np.unique(np.asarray(stimulus_ids), return_inverse=True)
        positions = self._positions(wanted, layer)
        # Files are read forwards, whatever the order of the ids.
        forwards = np.argsort(positions)
        rows = np.empty((wanted.size, self.dims[layer]), np.float32)
        rows[forwards] = self._store.read(layer, positions[forwards])
        finite = np.isfinite(rows).all(axis=1)
        if not finite.all():
            row = int(positions[~finite].min())
            raise feature_error(
                f"NaN or infinity in {int((~finite).sum())} rows, first in row {row} "
                f"(image {self.ids[row]})",
                f"{self.path}, layer {layer}",
                "finite features",
            )
        return np.asarray(rows[back])

    def _positions(self, wanted: npt.NDArray[Any], layer: int) -> npt.NDArray[np.int64]:
        """Find the rows of different ids."""
        if wanted.size and wanted.dtype.kind not in "iu":
            raise ValueError(f"stimulus_ids are {wanted.dtype}; expected integers")
        place = np.searchsorted(self.ids, wanted, sorter=self._order)
        positions: npt.NDArray[np.int64] = self._order[place.clip(max=self.n_stimuli - 1)]
        missing = wanted[self.ids[positions] != wanted]
        if missing.size:
            first = ", ".join(map(str, missing[:10].tolist()))
            raise RepalignError(
                f"no features of {missing.size} of {wanted.size} images: ids {first}"
                + (", ..." if missing.size > 10 else ""),
                where=f"{self.path}, layer {layer}",
                expected="features of every image of the trials",
                remedy="Extract the model's features for all images of the dataset.",
            )
        return positions

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_features(
    path: str | Path, assume_row_order: bool = False, expected: FeatureIdentity | None = None
) -> Features:
    """Open the features of a model.

    Parameters
    ----------
    path : str or Path
        `<model key>.h5` or `<model key>.pt`.
    assume_row_order : bool
        Whether row k of a `.pt` file without `ids` is image k. That cannot be checked.
    expected : FeatureIdentity, optional
        Model, weights and stimuli that are wanted. What a file does not say of itself is not
        compared, so files of users, and all `.pt` files, are checked for their ids alone.

    Returns
    -------
    Features
        Nothing but ids and sizes is read yet.

    Raises
    ------
    RepalignError
        If there is no such file, it cannot be read, its parts do not fit, it says that it is
        something else than expected, or a `.pt` file is given and PyTorch is not installed.
    """
    path = Path(path)
    if path.suffix not in (".h5", ".pt"):
        raise feature_error(f"a file named {path.name}", path, "<model key>.h5 or <model key>.pt")
    if not path.is_file():
        raise feature_error("no such file", path, "the features of a model")
    store: Store = H5Store(path) if path.suffix == ".h5" else TorchStore(path, assume_row_order)
    try:
        if expected is not None:
            expected.check(store.attributes, path)
        return Features(path, store)
    except BaseException:
        store.close()
        raise


def write_features(
    path: str | Path,
    layers: Iterable[npt.NDArray[Any]],
    ids: Sequence[int] | Ids,
    attributes: Mapping[str, Any],
) -> None:
    """Write the features of a model as HDF5; the same features give the same bytes.

    Parameters
    ----------
    path : str or Path
        `<model key>.h5`; it appears when everything is written.
    layers : iterable of ndarray, float32 or float16, shape (n_stimuli, dim)
        First layer first. One is held at a time if they are generated.
    ids : sequence of int, shape (n_stimuli,)
        Image of each row, each once.
    attributes : mapping
        Text or numbers to keep: `provenance` and what else is known of the model. `model` and
        `modality` are those of the file name if not given; `dims` is always that of `layers`.

    Raises
    ------
    RepalignError
        If `ids` repeat, or a layer has another shape or type, or is not finite.
    """
    path = Path(path)
    index = check_ids(np.asarray(ids), path)
    facts = {"model": path.stem, "modality": modality_of(path.stem), **attributes}
    dims = []
    with atomic_file(path) as temporary, h5py.File(temporary, "w", track_order=False) as file:
        file.create_dataset("ids", data=index.astype(np.int32), track_times=False)
        group = file.create_group("layers", track_order=False)
        for number, layer in enumerate(layers):
            _check_layer(layer, index.size, f"{path}, layer {number}")
            n_rows = max(1, min(index.size, CHUNK_BYTES // (layer.shape[1] * layer.itemsize)))
            chunks = (n_rows, layer.shape[1])
            group.create_dataset(f"{number:03d}", data=layer, chunks=chunks, track_times=False)
            dims.append(layer.shape[1])
        for name, value in sorted({**facts, "dims": np.array(dims, np.int32)}.items()):
            file.attrs[name] = value


def _check_layer(layer: npt.NDArray[Any], n_stimuli: int, where: str) -> None:
    fits = layer.ndim == 2 and layer.shape[0] == n_stimuli and layer.shape[1] > 0
    if not fits or layer.dtype not in (np.float32, np.float16):
        found = f"{layer.dtype} of shape {layer.shape}"
        raise feature_error(found, where, f"float32 or float16 of shape ({n_stimuli}, dim)")
    wrong = np.flatnonzero(~np.isfinite(layer).all(axis=1))
    if wrong.size:
        found = f"NaN or infinity in {wrong.size} rows, first in row {wrong[0]}"
        raise feature_error(found, where, "finite features")
