"""Asking a vision-language model about every image of a dataset."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from repalign.errors import RepalignError
from repalign.models.caption_journal import Journal
from repalign.models.images import Images
from repalign.tables.progress import progress
from repalign.tables.provenance import Record, encode

log = logging.getLogger("repalign")


@dataclass(frozen=True)
class ModelChoice:
    """A vision-language model and how it answers.

    Attributes
    ----------
    model : str
        Its id, which the column `model` of captions says.
    folder : Path or None
        Where it is; None for the hub.
    revision : str
        Commit on the hub; empty for the newest.
    precision : str
        ``"float32"`` or ``"bfloat16"``.
    max_new_tokens : int
        Tokens of the longest text.
    sampling : bool
        Whether tokens are drawn at temperature 1, instead of the likeliest being taken.
    seed : int
        Seed of the draws.
    device : str
        ``"cpu"`` or ``"cuda"``.
    threads : int
        Threads of one operation on the CPU.
    """

    model: str
    folder: Path | None = None
    revision: str = ""
    precision: str = "bfloat16"
    max_new_tokens: int = 256
    sampling: bool = False
    seed: int = 0
    device: str = "cpu"
    threads: int = 1

    @property
    def weights(self) -> str:
        """Return what the library loads: the folder, or the id."""
        return self.model if self.folder is None else str(self.folder)

    def image_seed(self, image: int) -> int:
        """Return the seed of one image, so that texts do not depend on which come before."""
        return int(np.random.SeedSequence([self.seed, image]).generate_state(1)[0])


class Captioner(Protocol):
    """A loaded model.

    Attributes
    ----------
    facts : dict of str to str
        What the record of its texts says: versions of libraries, and the commit on the hub.
    """

    facts: dict[str, str]

    def describe(self, images: Images, k: int, prompt: str) -> str:
        """Return what the model says of picture `k`, without white space around it."""


def describe_all(
    images: Images, captioner: Captioner, prompt: str, output: Path, record: Record
) -> list[str]:
    """Ask about all images, taking up what an interrupted job has finished.

    Parameters
    ----------
    images : Images
        The pictures, with their ids.
    captioner : Captioner
        The model.
    prompt : str
        What is asked.
    output : Path
        The file that the texts are for.
    record : Record
        What made it; texts of an interrupted job are taken up if theirs is the same.

    Returns
    -------
    list of str
        In the order of the images. The journal stays until `finish` is called.

    Raises
    ------
    RepalignError
        If a picture cannot be read, or the model fails on it, naming it. Finished texts are
        kept.
    """
    with Journal(output, _identity(record)) as journal:
        left = [k for k, image in enumerate(images.ids.tolist()) if image not in journal.texts]
        for k in progress(left, "images", total=len(left)):
            image = int(images.ids[k])
            try:
                text = captioner.describe(images, k, prompt)
            except (RuntimeError, ValueError, IndexError) as error:
                # What models raise: memory, shapes, tokens. None is to end in an empty text.
                raise RepalignError(
                    f"the model fails ({type(error).__name__}: {error})",
                    where=images.name(k),
                    expected="a text about the picture",
                    remedy=(
                        "Look at the picture and at the memory of the machine, then run the same "
                        "command again; finished texts are kept."
                    ),
                ) from error
            journal.add(image, text)
        for change, count in sorted(images.changes.items()):
            log.info("%d pictures were %s and were turned into RGB", count, change)
        return [journal.texts[image] for image in images.ids.tolist()]


def finish(output: Path) -> None:
    """Delete the journal of texts that are written now."""
    Journal(output, None).remove()


def _identity(record: Record) -> str | None:
    """Return the identity of a job, or None for one that was run by hand."""
    if not record.get("spec"):
        return None
    return hashlib.sha256(encode(record).encode()).hexdigest()
