"""Feature extraction: stimuli through a model, batch by batch, into a feature file."""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from repalign.errors import RepalignError
from repalign.models.features import write_features
from repalign.models.images import Images
from repalign.models.language import Language, Tokens, length_batches
from repalign.models.libraries import deterministic
from repalign.models.shards import Compute, Rows, make_shards, partial_folder
from repalign.models.stimuli import Digests, as_rows, set_digest, stimulus_digest
from repalign.models.texts import Texts
from repalign.models.vision import Vision
from repalign.tables.provenance import Record, encode, versions_of, write_sidecar

log = logging.getLogger("repalign")
Features = npt.NDArray[np.float32]
VERSIONS = {
    "vision": ("torch", "torchvision", "timm", "pillow"),
    "language": ("torch", "transformers", "tokenizers"),
}
"""Packages that features of a modality are made by."""
_NO_MEMORY = ("can't allocate memory", "not enough memory")


@contextmanager
def running(device: str, threads: int) -> Iterator[ModuleType]:
    """Make PyTorch ready to run a model, and show what it lacks as a readable error.

    Parameters
    ----------
    device : {"cpu", "cuda"}
        Where the model runs.
    threads : int
        Threads of the CPU.

    Yields
    ------
    module
        `torch`, deterministic and without gradients.

    Raises
    ------
    RepalignError
        If PyTorch cannot be imported, there is no such device, or it has too little memory.
    """
    with deterministic(threads) as torch:
        if device == "cuda" and not torch.cuda.is_available():
            raise RepalignError(
                f"no GPU that PyTorch {torch.__version__} can use",
                where="resources.device: cuda",
                expected="an NVIDIA GPU that this job may use, with its driver",
                remedy="Ask the scheduler for a GPU, or set resources.device: cpu.",
            )
        try:
            yield torch
        except RuntimeError as error:
            text = str(error).splitlines()[0] if str(error) else repr(error)
            known = isinstance(error, torch.OutOfMemoryError)
            if not known and not any(words in text for words in _NO_MEMORY):
                raise
            raise RepalignError(
                f"too little memory ({text})",
                where=f"resources.device: {device}",
                expected="room for the model and one batch",
                remedy="Set models.batch_size lower, or run the model where there is more memory.",
            ) from error


def vision_compute(vision: Vision, images: Images, batch_size: int) -> Compute:
    """Return what computes the features of some pictures.

    Parameters
    ----------
    vision : Vision
        The model.
    images : Images
        Pictures.
    batch_size : int
        Pictures that go through the model at once.
    """

    def compute(rows: Rows) -> tuple[Features, Digests]:
        parts, digests = [], []
        for batch in _batches(rows.tolist(), batch_size):
            parts.append(vision.features([images.picture(k) for k in batch]))
            digests += [stimulus_digest(int(images.ids[k]), images.content(k)) for k in batch]
        return np.concatenate(parts), as_rows(digests)

    return compute


def language_compute(
    language: Language, texts: Texts, tokens: Sequence[Tokens], batch_size: int
) -> Compute:
    """Return what computes the features of some texts, in batches of about one length.

    Parameters
    ----------
    language : Language
        The model.
    texts : Texts
        Texts.
    tokens : sequence of Tokens
        The same, encoded.
    batch_size : int
        Texts that go through the model at once.
    """
    digests = texts.digests()

    def compute(rows: Rows) -> tuple[Features, Digests]:
        chosen = [tokens[row] for row in rows]
        batches = length_batches(chosen, batch_size)
        parts = [language.features([chosen[k] for k in batch]) for batch in batches]
        values = np.empty((rows.size, *parts[0].shape[1:]), np.float32)
        for batch, part in zip(batches, parts, strict=True):
            values[batch] = part
        return values, digests[rows]

    return compute


def make_features(
    output: Path,
    ids: npt.NDArray[np.int64],
    compute: Compute,
    facts: Mapping[str, Any],
    record: Record,
    *,
    store: str,
    run_with: Mapping[str, Any],
) -> None:
    """Compute the features of all stimuli and write them; a later call goes on after a stop.

    Parameters
    ----------
    output : Path
        `<model key>.h5`. What is there of it before lies in `<output>.partial`.
    ids : ndarray of int64, shape (n_stimuli,)
        Stimulus of each row.
    compute : callable
        See `shards.Compute`.
    facts : mapping
        What the file says of model and stimuli, as text and numbers; with `modality`.
    record : mapping
        Provenance. Without a spec, which tells one job from another, nothing is continued.
    store : {"float32", "float16"}
        Numbers of the file.
    run_with : mapping
        What else can change the last digits: batch size, threads, device. A file is made with
        one value of each.

    Notes
    -----
    Attributes of the file beside `facts`: `stimuli_digest` (see `stimuli.set_digest`),
    `versions` and `provenance` (JSON).
    """
    modality = str(facts["modality"])
    versions = versions_of(VERSIONS[modality])
    record = {**record, "versions": {**record["versions"], **versions}}
    known_ids = hashlib.sha256(ids.tobytes()).hexdigest()
    identity = encode({"facts": facts, "ids": known_ids, "run": run_with, "record": record})
    folder = partial_folder(output)
    if record["spec"] is None and folder.exists():
        shutil.rmtree(folder)
    what = "pictures" if modality == "vision" else "texts"
    shards = make_shards(folder, identity, ids, compute, store, what)
    attributes = {
        **facts,
        "stimuli_digest": set_digest(ids, shards.digests()),
        "versions": encode(versions),
        "provenance": encode(record),
    }
    write_features(output, shards.layers(), ids, attributes)
    write_sidecar(output, record)
    shutil.rmtree(folder)


def log_changes(images: Images) -> None:
    """Say which pictures had to be turned into upright 8-bit RGB."""
    for kind, count in sorted(images.changes.items()):
        log.warning("%d pictures were %s, and were turned into RGB", count, kind)


def _batches(rows: list[int], size: int) -> list[list[int]]:
    return [rows[first : first + size] for first in range(0, len(rows), size)]
