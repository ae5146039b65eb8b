"""Repeated showings of stimuli: counted, cut to those that all have, or numbered odd and even."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def chronological_count(images: Array) -> npt.NDArray[np.int64]:
    """Count for each trial how often its image was shown before.

    Parameters
    ----------
    images : ndarray, shape (n_trials,)
        Image of each trial in chronological order: numbers or text.

    Returns
    -------
    ndarray, shape (n_trials,), int64
        0 at the first showing of an image.
    """
    order = np.argsort(images, kind="stable")
    in_order = images[order]
    is_first = np.ones(in_order.size, bool)
    is_first[1:] = in_order[1:] != in_order[:-1]
    start = np.flatnonzero(is_first)[np.cumsum(is_first) - 1]
    count = np.empty(in_order.size, dtype=np.int64)
    count[order] = np.arange(in_order.size) - start
    return count


def lacking_showings(images: Array, repetitions: Array) -> Array:
    """Return the images that lack a repetition which some other image has.

    Parameters
    ----------
    images : ndarray, shape (n_trials,)
        Image of each trial.
    repetitions : ndarray, shape (n_trials,)
        Repetition of each trial; one may occur more than once for an image.

    Returns
    -------
    ndarray, shape (n_lacking,)
        Ascending; empty if all images have the same repetitions.
    """
    names, image = np.unique(images, return_inverse=True)
    values, value = np.unique(repetitions, return_inverse=True)
    seen = np.zeros((names.size, values.size), bool)
    seen[image, value] = True
    lacking: Array = names[~seen.all(axis=1)]
    return lacking
