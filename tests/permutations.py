"""Permutations of the cyclic scheme written out, which the library never needs as a whole."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from repalign.kernels.permutations import cyclic_place, relabelings


def cyclic_permutation(seed: int, index: int, n: int) -> npt.NDArray[np.int64]:
    """Permutation (n,), int64, of draw `index`."""
    set_index, offset = cyclic_place(index, n)
    tau, sigma = relabelings(seed, set_index, n)
    permutation = np.empty(n, np.int64)
    permutation[tau] = np.roll(sigma, -offset)
    return permutation
