"""Seeded permutations of trials that depend on the seed and the index of a draw alone.

Vocabulary: draw ``index`` of a null distribution is one joint draw over pairs, models, subjects
and sessions. A permutation ``pi`` of n trials is an array (n,): entry a is the trial that takes
the place of trial a, so the permuted RDM is ``rdm[pi][:, pi]``.

Two schemes. *Independent*: every draw is a permutation of its own. *Cyclic*: a set of two random
relabelings (tau, sigma) gives n draws ``pi_t(i) = sigma[(tau^-1(i) + t) mod n]`` that
`repalign.kernels.cyclic` evaluates together.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
IntArray = npt.NDArray[np.int64]

#: First word of the key of a random stream: the two schemes never share random numbers.
INDEPENDENT, CYCLIC = 0, 1


def independent_permutation(seed: int, index: int, n_max: int) -> IntArray:
    """Draw permutation number `index` of `n_max` trials.

    Parameters
    ----------
    seed, index : int
        Seed of the null distribution and number of the draw, from 0.
    n_max : int
        Trials.

    Returns
    -------
    permutation : array (n_max,), int64
        Uniformly distributed; the same whatever else is drawn, and in which order.

    Raises
    ------
    ValueError
        If an argument is negative.

    Notes
    -----
    Trial i gets the i-th 64-bit number of a random stream, and trials are sorted by it. So the
    draw restricted to n trials (see `restrict`) is the draw of n trials: results for a trial set
    do not depend on which larger sets exist. Raw numbers of a bit generator are promised to
    stay the same in later versions of NumPy; its shuffles are not.
    """
    _refuse_negative(seed=seed, index=index, n_max=n_max)
    return _ordering(_stream(seed, INDEPENDENT, index), n_max)


def independent_permutations(seed: int, start: int, stop: int, n: int) -> IntArray:
    """Permutations number `start` to ``stop - 1`` of `n` trials, as rows (stop - start, n)."""
    _refuse_negative(seed=seed, start=start, n=n)
    rows = np.empty((max(0, stop - start), n), np.int64)
    for row, index in enumerate(range(start, stop)):
        rows[row] = independent_permutation(seed, index, n)
    return rows


def restrict(permutation: Array, n: int) -> Array:
    """Drop the entries >= `n` of a permutation (n_max,) and keep the order of the rest.

    Raises
    ------
    ValueError
        If `n` is negative or larger than n_max.
    """
    if not 0 <= n <= permutation.size:
        raise ValueError(f"n is {n}; expected 0 to {permutation.size}, the permuted trials")
    return permutation[permutation < n]


def relabelings(seed: int, set_index: int, n: int) -> tuple[IntArray, IntArray]:
    """Draw the two random relabelings of cyclic set `set_index` of `n` trials.

    Parameters
    ----------
    seed, set_index : int
        Seed of the null distribution and number of the set, from 0.
    n : int
        Trials.

    Returns
    -------
    tau, sigma : arrays (n,), int64
        Independent uniform permutations. Sets of different number or size are independent.

    Raises
    ------
    ValueError
        If an argument is negative.
    """
    _refuse_negative(seed=seed, set_index=set_index, n=n)
    stream = _stream(seed, CYCLIC, set_index, n)
    return _ordering(stream, n), _ordering(stream, n)


def cyclic_place(index: int, n: int) -> tuple[int, int]:
    """Set and offset (set_index, t) of draw `index` among the cyclic sets of `n` trials.

    Raises
    ------
    ValueError
        If `index` is negative or `n` below 1.

    Notes
    -----
    ``divmod(index, n)``: every size uses all n draws of a set before it opens the next one, so no
    value that was computed is thrown away, whatever sizes occur together. Draw `index` is
    defined for every size, and all trial sets of one size, of whatever pair, subject, session or
    model, share its permutation. Why this is valid: whatever t is, ``pi_t`` is uniform because
    sigma is uniform and independent of tau, so draw `index` is uniform at every size; and sizes
    have independent relabelings, so the joint draw over sizes is a product of uniform draws,
    however the boundaries of the sets fall. Draws of one set are dependent at one size; that
    leaves expectations (means, tail probabilities) as they are and touches only their variance.

    The trial-by-trial coupling of different sizes by `restrict` has no cyclic counterpart:
    in an independent draw restricted to two sizes, the same trials meet if positions are
    compared on a stretched scale, so the nulls of the two sizes correlate where RDMs
    change smoothly with time; cyclic draws of two sizes do not correlate at all. Correlation of
    the nulls at 515 and 407 trials (``benchmarks/permutations.py --study``), unstructured,
    drifting and categorical RDMs: 0.02, 0.31, 0.19 with independent draws, -0.01, 0.00, 0.01 with
    cyclic ones. So the null of a mean over sizes is narrower in the cyclic scheme (by 1, 14 and
    8 % in that example) where a design has structure over time.
    """
    if index < 0 or n < 1:
        raise ValueError(f"index and n are {index} and {n}; expected index >= 0 and n >= 1")
    return divmod(index, n)


def image_permutation(images: Array, keys: Array, n_repetitions: int) -> IntArray:
    """Permutation of trials that permutes images and carries their repetitions along.

    Parameters
    ----------
    images : array (n_images,), integer
        A permutation of all images: `independent_permutation` of the size of the catalogue, for
        one joint draw over trial sets.
    keys : array (n_trials,), integer
        Trials of the set in the order of the RDM, as ``image * n_repetitions + repetition``, both
        counted from 0; no key twice.
    n_repetitions : int
        Most repetitions of an image.

    Returns
    -------
    permutation : array (n_trials,), int64
        Trial (image, repetition) is replaced by trial (new image, same repetition).

    Raises
    ------
    ValueError
        If keys occur twice or lie outside the catalogue.

    Notes
    -----
    If images have unequal repetitions in the trial set, only images with the same *pattern* (the
    same set of repetitions) change places. Within a pattern, the images in ascending order are
    replaced by the same images in the order in which they occur in `images`: `restrict`, applied
    to a subset. That is uniform over the permutations that keep every repetition with its image.
    An image whose pattern no other image has stays in place; with many patterns the draw is
    coarse. With one repetition an image it is the trial-wise permutation.
    """
    n_images = images.size
    if keys.size and not 0 <= keys.min() <= keys.max() < n_images * n_repetitions:
        raise ValueError(
            f"keys span {_span(keys)} at n_repetitions {n_repetitions}; expected 0 to "
            f"{n_images * n_repetitions - 1} for {n_images} images"
        )
    position = np.full((n_images, n_repetitions), -1, np.int64)
    position.reshape(-1)[keys] = np.arange(keys.size)
    present = position >= 0
    if int(present.sum()) != keys.size:
        raise ValueError(
            f"{keys.size} keys hold {int(present.sum())} trials; expected no key twice"
        )
    patterns, pattern_of = np.unique(present, axis=0, return_inverse=True)
    pattern_of = pattern_of.reshape(-1)
    replaced_by = np.empty(n_images, np.int64)
    for pattern in range(len(patterns)):
        replaced_by[pattern_of == pattern] = images[pattern_of[images] == pattern]
    permutation = np.empty(keys.size, np.int64)
    permutation[position[present]] = position[replaced_by][present]
    return permutation


def _stream(seed: int, *key: int) -> np.random.PCG64:
    """Random stream of a seed and a key."""
    return np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key))


def _ordering(stream: np.random.PCG64, n: int) -> IntArray:
    """Order of the next `n` random numbers of a stream; equal ones, one in 2**64, by place."""
    return np.argsort(stream.random_raw(n), kind="stable").astype(np.int64, copy=False)


def _refuse_negative(**arguments: int) -> None:
    """Refuse negative numbers, by name."""
    for name, value in arguments.items():
        if value < 0:
            raise ValueError(f"{name} is {value}; expected 0 or more")


def _span(keys: Array) -> str:
    """Smallest and largest key, for messages."""
    return f"{keys.min()} to {keys.max()}" if keys.size else "nothing"
