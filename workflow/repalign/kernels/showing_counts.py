"""How often images were shown, and what of a plan of equal numbers of showings is missing."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
IntArray = npt.NDArray[np.int64]


class Showings(NamedTuple):
    """Images by how often one subject was shown them."""

    counts: IntArray
    """(most + 1,): entry k is the number of images shown k times."""
    missing: int
    """Showings that the images lack of `planned`, each image for itself."""


def showings(shown: Array, images: Array, planned: int) -> Showings:
    """Count images by the number of their showings.

    Parameters
    ----------
    shown : array (n_trials,)
        Image of each trial; others than `images` do not count.
    images : array (n_images,)
        Images that could be shown, each once.
    planned : int
        Showings of each image that were planned; more are not an error.

    Returns
    -------
    showings : Showings
        `counts` has at least planned + 1 entries.

    Raises
    ------
    ValueError
        If an image is there twice, or the plan is negative.
    """
    known = np.unique(images)
    if known.size != images.size or planned < 0:
        raise ValueError(f"{images.size} images, {known.size} different, planned {planned} times")
    own = shown[np.isin(shown, known)]
    times = np.bincount(np.searchsorted(known, own), minlength=known.size)[: known.size]
    counts = np.bincount(times, minlength=planned + 1).astype(np.int64)
    missing = int(np.maximum(planned - times, 0).sum())
    return Showings(counts, missing)
