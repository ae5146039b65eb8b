"""A small experiment: trials of three subjects in one order, and stores of RDM vectors."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from repalign.kernels.rdm import n_pairs, normalise_rdm
from repalign.tables.rdm_store import RdmReader, write_rdms

SESSIONS = {1: 3, 2: 3, 3: 2}
PER_SESSION = 12
N_SHARED = 8


@pytest.fixture(scope="session")
def trials() -> pd.DataFrame:
    """Three sessions of 12 trials; images 0 to 7 are shared, subject 3 has two sessions."""
    rng = np.random.default_rng(3)
    order = rng.permutation(np.repeat(np.arange(12), 3))
    repetition = pd.Series(order).groupby(order).cumcount().to_numpy()
    frames = []
    for subject, sessions in SESSIONS.items():
        n = sessions * PER_SESSION
        shared = order[:n] < N_SHARED
        frame = {
            "subject": subject,
            "trial": np.arange(n),
            "session": np.arange(n) // PER_SESSION + 1,
            "stimulus": np.where(shared, order[:n], order[:n] + 100 * subject),
            "repetition": repetition[:n],
            "shared": shared,
        }
        frames.append(pd.DataFrame(frame))
    return pd.concat(frames, ignore_index=True).sample(frac=1, random_state=0)


def unit_vectors(n_rois: int, n_trials: int, seed: int) -> np.ndarray:
    """(n_rois, n_pairs) float32"""
    rng = np.random.default_rng(seed)
    found = rng.normal(size=(n_rois, n_pairs(n_trials))) + rng.normal(size=n_pairs(n_trials))
    return np.array([normalise_rdm(v.astype(np.float32)) for v in found])


@pytest.fixture
def store(tmp_path) -> Callable[..., Path]:
    """Return a maker of folders of RDM vectors."""

    def make(name: str, vectors: np.ndarray, keys: np.ndarray) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        with write_rdms(folder, range(1, len(vectors) + 1), np.asarray(keys, np.int64)) as writer:
            for vector in vectors:
                writer.append(vector)
        assert RdmReader(folder).shape == vectors.shape
        return folder

    return make
