"""One independent random stream for every named purpose."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, purpose: str, *index: int) -> np.random.Generator:
    """Make the generator of one purpose, independent of all others and of their order.

    Parameters
    ----------
    seed : int
        Seed of the simulation.
    purpose : str
        What is drawn, such as ``"noise"``.
    *index : int
        Subject, session or image that the draws are for.

    Returns
    -------
    numpy.random.Generator
        PCG64, seeded from all arguments.
    """
    return np.random.Generator(
        np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(purpose.encode()), *index]))
    )


def own_seed(seed: int, purpose: str) -> int:
    """Derive a seed, so that the same purposes draw other numbers in another space."""
    return int(stream(seed, purpose).integers(2**32))
