"""Digests of what models are shown: a picture or text swapped between two stimuli is noticed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

SIZE = 32
"""Bytes of a digest."""
Digests = npt.NDArray[np.uint8]


def stimulus_digest(stimulus_id: int, content: bytes) -> bytes:
    """Return the SHA-256 of a stimulus: its id in decimal digits, a line feed, and its content.

    Parameters
    ----------
    stimulus_id : int
        Which stimulus it is.
    content : bytes
        What is shown of it: pixels or the bytes of a picture file, or a text in UTF-8.
    """
    return hashlib.sha256(b"%d\n" % stimulus_id + content).digest()


def as_rows(digests: Iterable[bytes]) -> Digests:
    """Return digests as an array of uint8, shape (n, 32)."""
    return np.frombuffer(b"".join(digests), np.uint8).reshape(-1, SIZE)


def set_digest(ids: npt.NDArray[np.int64], digests: Digests) -> str:
    """Compute the digest of a set of stimuli, whatever order they are in.

    Parameters
    ----------
    ids : ndarray of int64, shape (n,)
        Stimuli, each once.
    digests : ndarray of uint8, shape (n, 32)
        The digest of each, see `stimulus_digest`.

    Returns
    -------
    str
        SHA-256 over the digests in ascending order of ids, as 64 hexadecimal digits.
    """
    if digests.shape != (ids.size, SIZE) or digests.dtype != np.uint8:
        raise ValueError(
            f"digests are {digests.dtype} of shape {digests.shape}; expected ({ids.size}, {SIZE})"
        )
    return hashlib.sha256(digests[np.argsort(ids)].tobytes()).hexdigest()
