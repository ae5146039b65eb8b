"""Embedding files of LAION-fMRI in the published layout: made, interrupted, and told apart."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
from PIL import Image

from repalign.errors import RepalignError
from repalign.models.laion_embedders import Embed, Float32
from repalign.models.laion_pictures import LaionPictures
from repalign.models.shards import Compute, Rows, make_shards, partial_folder
from repalign.models.stimuli import Digests, as_rows, set_digest, stimulus_digest
from repalign.tables.atomic import atomic_file
from repalign.tables.provenance import Record, encode, write_sidecar


def make_embeddings(
    output: Path,
    pictures: LaionPictures,
    embed: Embed,
    facts: Mapping[str, Any],
    record: Record,
    *,
    width: int,
    unit_norm: bool,
    batch_size: int,
) -> None:
    """Compute the embeddings of all pictures and write them; a later call goes on after a stop.

    Parameters
    ----------
    output : Path
        The HDF5 file. What is there of it before lies in `<output>.partial`.
    pictures : LaionPictures
        All pictures, in the order of the rows.
    embed : callable
        Pictures to rows of shape (n, width).
    facts : mapping
        What the file says of how it was made, as text and numbers: `backend` at least.
    record : mapping
        Provenance.
    width : int
        Numbers an image.
    unit_norm : bool
        Whether rows are brought to length 1.
    batch_size : int
        Pictures that go through a model at once.

    Raises
    ------
    RepalignError
        If a picture cannot be read, or values are not finite, of another width, or all 0.

    Notes
    -----
    Rows are brought to length 1, kept as float32, and narrowed to float16 last, so that their
    length is 1 to about 3e-5. `facts`, `stimuli_digest` (see `models.stimuli.set_digest`) and
    `provenance` are attributes of the file, and lie in the JSON file beside it, too.
    """
    identity = encode({"facts": dict(facts), "batch_size": batch_size, "record": record})
    folder = partial_folder(output)
    if record["spec"] is None and folder.exists():
        shutil.rmtree(folder)
    compute = _compute(pictures, embed, width, unit_norm, batch_size)
    shards = make_shards(folder, identity, pictures.ids, compute, "float32", "pictures")
    (values,) = shards.layers()
    names = [pictures.image_name(k) for k in range(len(pictures))]
    attributes = {**facts, "stimuli_digest": set_digest(pictures.ids, shards.digests())}
    write_embeddings(output, values, names, {**attributes, "provenance": encode(record)})
    digest = hashlib.sha256(output.read_bytes()).hexdigest()
    write_sidecar(output, {**record, "embedding": attributes, "sha256": digest})
    shutil.rmtree(folder)


def write_embeddings(
    output: Path, values: Float32, names: Sequence[str], attributes: Mapping[str, Any]
) -> None:
    """Write an embedding file.

    Parameters
    ----------
    output : Path
        The file to make.
    values : ndarray of float32, shape (n_images, width)
        A row an image.
    names : sequence of str
        Name of each image.
    attributes : mapping
        What the file says of itself.

    Raises
    ------
    RepalignError
        If a value is too large for float16.
    """
    with np.errstate(over="ignore"):
        narrow = values.astype(np.float16)
    wrong = np.flatnonzero(~np.isfinite(narrow).all(axis=1))
    if wrong.size:
        raise _error("values beyond float16", names[int(wrong[0])])
    with atomic_file(output) as temporary, h5py.File(temporary, "w") as file:
        file.create_dataset("embedding", data=narrow)
        file.create_dataset("image_ids", data=list(names), dtype=h5py.string_dtype())
        file.create_dataset("valid", data=np.ones(len(names), bool))
        for name, value in sorted(attributes.items()):
            file.attrs[name] = value


def backend_of(path: str | Path) -> str:
    """Return what made an embedding file, as the file says; empty if it does not say it.

    Released files do not. One that says ``not a model`` holds no features of any model.
    """
    try:
        with h5py.File(path, "r") as file:
            return str(file.attrs.get("backend", ""))
    except OSError as error:
        raise RepalignError(
            f"unreadable ({error})",
            where=path,
            expected="an embedding file",
            remedy="Fetch or make the file again.",
        ) from error


def _compute(
    pictures: LaionPictures, embed: Embed, width: int, unit_norm: bool, batch_size: int
) -> Compute:
    def compute(rows: Rows) -> tuple[npt.NDArray[Any], Digests]:
        parts, digests = [], []
        for first in range(0, rows.size, batch_size):
            batch = rows[first : first + batch_size].tolist()
            shown: list[Image.Image] = [pictures.picture(k) for k in batch]
            found = embed(shown)
            if found.shape != (len(batch), width):
                raise RepalignError(
                    f"{found.shape[-1]} numbers an image",
                    where=pictures.name(batch[0]),
                    expected=f"{width}, as in the published file",
                    remedy="Correct `model` or `pool` of this embedding in laion.stimuli.",
                )
            parts.append(_scaled(found, [pictures.name(k) for k in batch], unit_norm))
            digests += [stimulus_digest(int(pictures.ids[k]), pictures.content(k)) for k in batch]
        return np.concatenate(parts)[:, np.newaxis], as_rows(digests)

    return compute


def _scaled(values: Float32, names: Sequence[str], unit_norm: bool) -> Float32:
    """Bring rows to length 1, if that is wanted; a row of zeros is refused."""
    lengths = np.linalg.norm(values.astype(np.float64), axis=1, keepdims=True)
    if not lengths.all():
        raise _error("an embedding of zeros", names[int((lengths == 0).ravel().argmax())])
    return (values / lengths).astype(np.float32) if unit_norm else values.astype(np.float32)


def _error(found: str, where: str) -> RepalignError:
    return RepalignError(
        found,
        where=where,
        expected="finite numbers that are not all 0",
        remedy="Look at the picture and at the model's weights.",
    )
