"""Joint null draws: the same permutation index for all pairs, models, subjects and sessions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from repalign.alignment.device import put
from repalign.alignment.device_nulls import (
    cyclic_cross_products,
    cyclic_products,
    permuted_cross_products,
    permuted_products,
)
from repalign.kernels.permutations import (
    image_permutation,
    independent_permutation,
    relabelings,
    restrict,
)

Array = npt.NDArray[Any]
Products = npt.NDArray[np.float64]
BLOCK = 64
"""Independent permutations that are held at once."""


@dataclass(frozen=True)
class Draws:
    """The permutations of a null distribution.

    Attributes
    ----------
    scheme : {"cyclic", "independent"}
        Sets of n permutations evaluated together, or one at a time.
    unit : {"trial", "image"}
        What is permuted. Images carry their repetitions along; they are drawn independently.
    seed : int
        Seed of all draws.
    count : int
        Number of draws.
    n_max : int
        Trials (or images) that an independent draw permutes; smaller sets of trials take the
        draw restricted to them.
    n_repetitions : int
        Planned showings of an image.
    device : {"cpu", "cuda"}
        Where products are formed. It does not change what is drawn.
    """

    scheme: Literal["cyclic", "independent"]
    unit: Literal["trial", "image"]
    seed: int
    count: int
    n_max: int
    n_repetitions: int
    device: str = "cpu"

    def permutations(self, keys: Array) -> Iterator[Array]:
        """Yield blocks (at most `BLOCK`, n_trials) of independent permutations of some trials."""
        for start in range(0, self.count, BLOCK):
            indices = range(start, min(start + BLOCK, self.count))
            yield np.stack([self._permutation(index, keys) for index in indices])

    def _permutation(self, index: int, keys: Array) -> Array:
        drawn = independent_permutation(self.seed, index, self.n_max)
        if self.unit == "image":
            # Images that are not in the set change nothing; without them it is much faster.
            images, place = np.unique(keys // self.n_repetitions, return_inverse=True)
            number = np.full(self.n_max, -1)
            number[images] = np.arange(images.size)
            shown = number[drawn]
            own_keys = place * self.n_repetitions + keys % self.n_repetitions
            return image_permutation(shown[shown >= 0], own_keys, self.n_repetitions)
        return restrict(drawn, len(keys))

    def sets(self, n_trials: int) -> Iterator[tuple[slice, Array, Array]]:
        """Yield the cyclic sets of some size: which draws they are, tau and sigma."""
        for k, start in enumerate(range(0, self.count, n_trials)):
            stop = min(start + n_trials, self.count)
            yield slice(start, stop), *relabelings(self.seed, k, n_trials)

    def products(self, x: Array, y: Array, keys: Array) -> Products:
        """Return <x, P y> of two matrices (n_trials, n_trials) for all draws, (count,)."""
        found = np.empty(self.count)
        x, y = put(x, self.device), put(y, self.device)
        if self.scheme == "cyclic" and self.unit == "trial":
            for draws, tau, sigma in self.sets(len(x)):
                products = cyclic_products(x, y, tau, sigma, self.device)
                found[draws] = products[: draws.stop - draws.start]
            return found
        blocks = [permuted_products(x, y, b, self.device) for b in self.permutations(keys)]
        return np.concatenate(blocks)

    def cross_products(self, x: Array, y: Array, keys: Array) -> Iterator[tuple[slice, Products]]:
        """Yield <x_i, P y_j> of all matrices of two stacks, block by block of draws.

        Parameters
        ----------
        x, y : ndarray, shapes (n_x, n_trials, n_trials) and (n_y, n_trials, n_trials)
            Symmetric matrices with a zero diagonal.
        keys : ndarray of int64, shape (n_trials,)
            What identifies each trial.

        Yields
        ------
        draws : slice
            Which draws these are.
        products : ndarray of float64, shape (n_draws, n_x, n_y)
        """
        x, y = put(x, self.device), put(y, self.device)
        if self.scheme == "cyclic" and self.unit == "trial":
            for draws, tau, sigma in self.sets(len(keys)):
                products = cyclic_cross_products(x, y, tau, sigma, self.device)
                yield draws, products[: draws.stop - draws.start]
            return
        start = 0
        for block in self.permutations(keys):
            products = permuted_cross_products(x, y, block, self.device)
            yield slice(start, start + len(block)), products
            start += len(block)
